import type { CanActivate, ExecutionContext, Provider, Type } from '@nestjs/common';
import { Controller, Get, Injectable, Module, UnauthorizedException, UseGuards } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { ThrottlerModule } from '@nestjs/throttler';
import type { TenantRequest, TenantResolver } from 'nestjs-tenancy';
import {
  BypassTenancy,
  ClaimTenantResolver,
  HeaderTenantResolver,
  InMemoryTenantStore,
  PathTenantResolver,
  ResolveTenantBy,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { TenantThrottlerGuard } from 'nestjs-tenancy/throttler';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

const byPath = new PathTenantResolver('/hooks/:tenantId');

class FailingResolver implements TenantResolver {
  readonly source = 'a service that is down';

  resolve(): string {
    throw new Error('It is down.');
  }
}

/** Finds the tenant of an API key, which a guard has looked up. */
class ApiKeyResolver implements TenantResolver {
  readonly source = 'API key';

  resolve(request: TenantRequest & { keyOf?: string }): string | undefined {
    return request.keyOf;
  }
}

@Injectable()
class ApiKeyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; keyOf?: string }>();
    request.keyOf = request.headers['x-api-key'];
    return true;
  }
}

const seen: Array<string | null> = [];

/** Of the application's own module, which Nest asks before those of the modules that it imports; or of a route, and after. */
@Injectable()
class SeeingGuard implements CanActivate {
  constructor(private readonly context: TenantContext) {}

  canActivate(): boolean {
    seen.push(this.context.tenantId ?? null);
    return true;
  }
}

@Controller()
class HooksController {
  constructor(private readonly context: TenantContext) {}

  @Get('plain')
  plain(): unknown {
    return this.who();
  }

  @Get('open')
  @BypassTenancy()
  open(): unknown {
    return this.who();
  }

  @Get('hooks/:tenantId/all')
  @ResolveTenantBy(byPath)
  all(): unknown {
    return this.who();
  }

  @Get('hooks/:tenantId/instead')
  @ResolveTenantBy(byPath, { instead: true })
  instead(): unknown {
    return this.who();
  }

  @Get('hooks/:tenantId/guarded')
  @ResolveTenantBy(byPath)
  @UseGuards(SeeingGuard)
  guarded(): unknown {
    return this.who();
  }

  @Get('failing')
  @ResolveTenantBy(new FailingResolver())
  failing(): unknown {
    return this.who();
  }

  @Get('keyed')
  @ResolveTenantBy(new ApiKeyResolver())
  keyed(): unknown {
    return this.who();
  }

  private who(): unknown {
    return { id: this.context.tenantId ?? null };
  }
}

@Injectable()
class AuthenticationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; user?: unknown }>();
    const { authorization } = request.headers;
    if (authorization === undefined) throw new UnauthorizedException();
    request.user = authorization === 'platform' ? { role: 'platform' } : { tenant: authorization };
    return true;
  }
}

function moduleWith(guards: ReadonlyArray<Type<CanActivate>>): Type {
  @Module({
    imports: [
      TenancyModule.forRoot({
        store: new InMemoryTenantStore([
          { id: 'acme', schema: 't_acme' },
          { id: 'globex', schema: 't_globex' },
          { id: 'dormant', schema: 't_dormant', status: 'suspended' },
        ]),
        resolvers: [
          new HeaderTenantResolver(),
          new ClaimTenantResolver('tenant', { mayActForAny: ({ role }) => role === 'platform' }),
        ],
      }),
      ThrottlerModule.forRoot([{ limit: 2, ttl: 60_000 }]),
    ],
    controllers: [HooksController],
    providers: guards.map((useClass): Provider => ({ provide: APP_GUARD, useClass })),
  })
  class AppModule {}
  return AppModule;
}

let running: RunningApp;
afterEach(async () => {
  seen.length = 0;
  await running.app.close();
});

async function get(path: string, headers: Record<string, string> = {}): Promise<unknown[]> {
  const { status, body } = await running.call('GET', path, { headers });
  return [status, body.id === undefined ? body.code : body.id];
}

describe.each(adapters)('a guard that runs before the module’s, on %s', (adapter) => {
  it.each([
    ['/plain', 'acme'],
    ['/open', null],
    ['/hooks/acme/all', 'acme'],
    ['/hooks/acme/instead', 'acme'],
  ])('sees the tenant of the handler: %s', async (path, id) => {
    running = await startApp(moduleWith([SeeingGuard]), adapter);

    expect(await get(path, { 'x-tenant-id': 'acme' })).toEqual([200, id]);
    if (path.startsWith('/hooks')) expect(await get(path)).toEqual([200, id]);
    expect(new Set(seen)).toEqual(new Set([id]));
  });

  it('sees nobody where there is none, and the request is refused as ever', async () => {
    running = await startApp(moduleWith([SeeingGuard]), adapter);

    expect(await get('/hooks/nobody/all')).toEqual([404, 'TENANT_NOT_FOUND']);
    expect(await get('/hooks/acme/all', { 'x-tenant-id': 'globex' })).toEqual([400, 'TENANT_CONFLICT']);
    expect(await get('/hooks/acme/instead', { 'x-tenant-id': 'globex' })).toEqual([400, 'TENANT_CONFLICT']);
    expect((await get('/failing', { 'x-tenant-id': 'globex' }))[0]).toBe(500);
    expect(seen).toEqual([null, null, null, null]);
  });

  describe('and authenticates', () => {
    it.each(['/plain', '/hooks/acme/all', '/hooks/nobody/all', '/hooks/dormant/instead', '/failing'])(
      'answers a stranger before any tenant does: %s',
      async (path) => {
        running = await startApp(moduleWith([AuthenticationGuard]), adapter);

        for (const id of ['acme', 'nobody', 'dormant', 'No Id']) {
          expect(await get(path, { 'x-tenant-id': id })).toEqual([401, undefined]);
        }
      },
    );

    it.each(['all', 'instead'])('binds the caller by his claim: %s', async (route) => {
      running = await startApp(moduleWith([AuthenticationGuard, SeeingGuard]), adapter);
      const as = (authorization: string, id: string) => get(`/hooks/${id}/${route}`, { authorization });

      expect(await as('acme', 'acme')).toEqual([200, 'acme']);
      expect(await as('acme', 'globex')).toEqual([403, 'TENANT_FORBIDDEN']);
      expect(await as('acme', 'nobody')).toEqual([403, 'TENANT_FORBIDDEN']);
      expect(await as('platform', 'globex')).toEqual([200, 'globex']);
      expect(await as('platform', 'nobody')).toEqual([404, 'TENANT_NOT_FOUND']);
    });

    it('lets no guard of the route run as a tenant that is not the caller’s', async () => {
      running = await startApp(moduleWith([AuthenticationGuard]), adapter);

      await get('/hooks/globex/guarded', { authorization: 'acme' });
      await get('/hooks/acme/guarded', { authorization: 'acme' });

      expect(seen).toEqual(['acme']);
    });
  });

  it('finds what the route’s own resolvers read: they are asked once more, and what anybody may say does not decide', async () => {
    running = await startApp(moduleWith([ApiKeyGuard]), adapter);
    const key = { 'x-api-key': 'globex' };

    expect(await get('/keyed', key)).toEqual([200, 'globex']);
    expect(await get('/keyed', { ...key, 'x-tenant-id': 'globex' })).toEqual([200, 'globex']);
    expect(await get('/keyed', { ...key, 'x-tenant-id': 'acme' })).toEqual([400, 'TENANT_CONFLICT']);
  });

  it('counts for the tenant of the route: those behind one address have a quota each', async () => {
    running = await startApp(moduleWith([AuthenticationGuard, TenantThrottlerGuard]), adapter);
    const statuses: unknown[] = [];
    for (const id of ['acme', 'acme', 'acme', 'globex', 'globex']) {
      statuses.push((await get(`/hooks/${id}/all`, { authorization: id }))[0]);
    }

    expect(statuses).toEqual([200, 200, 429, 200, 200]);
  });
});
