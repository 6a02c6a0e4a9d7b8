import type { CanActivate, Type } from '@nestjs/common';
import { Controller, Get, Injectable, Module, Next } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  BypassTenancy,
  HeaderTenantResolver,
  InMemoryTenantStore,
  QueryTenantResolver,
  ResolveTenantBy,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import type { Tenant } from 'nestjs-tenancy';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';

/** Express asks the next route where a handler calls `next()`. */
@Controller()
class OpenController {
  constructor(private readonly context: TenantContext) {}

  @Get(['plain', 'own'])
  @BypassTenancy()
  open(@Next() next: () => void): void {
    seen.push(this.context.tenantId);
    next();
  }

  @Get('taken')
  @BypassTenancy()
  taken(@Next() next: () => void): void {
    next();
  }

  @Get('cleared')
  clear(@Next() next: () => void): void {
    this.context.clear();
    next();
  }
}

@Controller()
class NextController {
  constructor(private readonly context: TenantContext) {}

  @Get(['plain', 'cleared', 'taken'])
  plain(): unknown {
    return { tenant: this.context.tenantId ?? null };
  }

  @Get('own')
  @ResolveTenantBy(new QueryTenantResolver('t'), { instead: true })
  own(): unknown {
    return { tenant: this.context.tenantId ?? null };
  }
}

const globex = { id: 'globex', schema: 't_globex' } as Tenant;
const seen: unknown[] = [];
const guarded: unknown[] = [];

/** Of the application's own module: it is asked before TenantGuard. */
@Injectable()
class SeeingGuard implements CanActivate {
  constructor(private readonly context: TenantContext) {}

  canActivate(): boolean {
    guarded.push(this.context.tenantId);
    return true;
  }
}

/** Takes a request to be of globex, once. */
@Injectable()
class TakingGuard implements CanActivate {
  constructor(private readonly context: TenantContext) {}

  canActivate(): boolean {
    if (guarded.push(this.context.tenantId) === 1) this.context.set(globex);
    return true;
  }
}
let app: RunningApp | undefined;

afterEach(async () => {
  await app?.app.close();
  app = undefined;
  seen.length = 0;
  guarded.length = 0;
});

function applicationModule({ required = true, guard = SeeingGuard }: { required?: boolean; guard?: Type } = {}): Type {
  @Module({
    imports: [
      TenancyModule.forRoot({
        store: new InMemoryTenantStore([
          { id: 'acme', schema: 't_acme' },
          { id: 'globex', schema: 't_globex' },
        ]),
        resolvers: [new HeaderTenantResolver()],
        required,
      }),
    ],
    controllers: [OpenController, NextController],
    providers: [{ provide: APP_GUARD, useClass: guard }],
  })
  class AppModule {}
  return AppModule;
}

describe('a request that a route of nobody hands on to the next', () => {
  const asAcme = { 'x-tenant-id': 'acme' };

  it.each<[string, Record<string, string>, number, object]>([
    ['/plain', asAcme, 200, { tenant: 'acme' }],
    ['/plain', {}, 400, { code: 'TENANT_REQUIRED' }],
    ['/plain', { 'x-tenant-id': 'nobody' }, 404, { code: 'TENANT_NOT_FOUND' }],
    ['/own?t=acme', asAcme, 200, { tenant: 'acme' }],
    ['/own?t=globex', {}, 200, { tenant: 'globex' }],
    // What ran as acme in the middleware becomes nobody else's, also by a route of nobody.
    ['/own?t=globex', asAcme, 400, { code: 'TENANT_CONFLICT' }],
  ])('%s with %j is answered %i', async (path, headers, status, body) => {
    app = await startApp(applicationModule());

    const answer = await app.call('GET', path, { headers });

    expect(answer).toMatchObject({ status, body });
    expect(seen).toEqual([undefined]);
  });

  it('stays what a handler has made of it itself', async () => {
    app = await startApp(applicationModule());

    expect(await app.call('GET', '/cleared', { headers: asAcme })).toMatchObject({
      status: 200,
      body: { tenant: null },
    });
  });

  it('shows the guards of the next route whom its handler sees', async () => {
    app = await startApp(applicationModule());

    expect(await app.call('GET', '/plain', { headers: asAcme })).toMatchObject({ body: { tenant: 'acme' } });
    expect(guarded).toEqual([undefined, 'acme']);
  });

  it('stays nobody’s where the next route has resolvers of its own, which name nobody', async () => {
    app = await startApp(applicationModule({ required: false }));

    expect(await app.call('GET', '/own', { headers: asAcme })).toMatchObject({ status: 200, body: { tenant: null } });
  });

  it('is of whom a guard had made it', async () => {
    app = await startApp(applicationModule({ required: false, guard: TakingGuard }));

    expect(await app.call('GET', '/taken')).toMatchObject({ status: 200, body: { tenant: 'globex' } });
  });
});
