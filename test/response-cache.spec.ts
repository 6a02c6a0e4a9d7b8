import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import { CacheInterceptor, CacheKey, CacheModule, CacheTTL } from '@nestjs/cache-manager';
import { Controller, Get, Injectable, Module, Query, Version, VERSION_NEUTRAL, VersioningType } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BypassTenancy,
  ClaimTenantResolver,
  HeaderTenantResolver,
  InMemoryTenantStore,
  TenancyModule,
  TenantContext,
  TenantService,
} from 'nestjs-tenancy';
import { TenantCacheInterceptor } from 'nestjs-tenancy/caching';
import { TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import type { Adapter, Answer, RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
]);
let made = 0;

@Controller()
class ReportController {
  constructor(private readonly context: TenantContext) {}

  private answer(): unknown {
    return { of: this.context.tenantId ?? 'nobody', made: (made += 1) };
  }

  @Get('report')
  report(): unknown {
    return this.answer();
  }

  @Get('named')
  @CacheKey('one name for all')
  @CacheTTL(60_000)
  named(): unknown {
    return this.answer();
  }

  @Get('public')
  @BypassTenancy()
  public(): unknown {
    return this.answer();
  }

  @Get('versioned')
  @Version('1')
  first(): unknown {
    return { version: 1 };
  }

  @Get('versioned')
  @Version('2')
  second(): unknown {
    return { version: 2 };
  }

  @Get('switched')
  async switched(@Query('to') to: string): Promise<unknown> {
    this.context.set((await store.findById(to))!);
    return this.answer();
  }
}

/** Two of one name, as two modules may have. */
function catsOf(version: string): Type {
  @Controller({ path: 'cats', version })
  class CatsController {
    @Get()
    list(): unknown {
      return { version: Number(version) };
    }
  }
  return CatsController;
}

@Injectable()
class AuthenticationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; user?: unknown }>();
    request.user = { tenant: request.headers.authorization };
    return true;
  }
}

let running: RunningApp | undefined;
afterEach(async () => {
  await running?.app.close();
  running = undefined;
});

interface Parts {
  readonly interceptor: Type;
  readonly required?: boolean;
  readonly guarded?: boolean;
  readonly limit?: number;
}

async function start(adapter: Adapter, { interceptor, required = true, guarded = false, limit }: Parts): Promise<void> {
  const resolvers = [new HeaderTenantResolver(), ...(guarded ? [new ClaimTenantResolver('tenant')] : [])];
  @Module({
    imports: [
      CacheModule.register({ isGlobal: true, ttl: 60_000 }),
      TenancyModule.forRoot({ store, required, resolvers }),
      ...(limit ? [TenantThrottlerModule.forRoot({ plans: { default: { limit, ttl: 60_000 } } })] : []),
    ],
    controllers: [ReportController, catsOf('1'), catsOf('2')],
    providers: [
      { provide: APP_INTERCEPTOR, useClass: interceptor },
      ...(guarded ? [{ provide: APP_GUARD, useClass: AuthenticationGuard }] : []),
    ],
  })
  class AppModule {}
  running = await startApp(AppModule, adapter, (app) =>
    app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version', defaultVersion: VERSION_NEUTRAL }),
  );
}

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  running!.call('GET', path, { headers });
const as = (tenant: string) => ({ 'x-tenant-id': tenant });

describe.each(adapters)('on %s', (adapter) => {
  it('an answer that is kept is that of its version, also where only a header names that', async () => {
    await start(adapter, { interceptor: TenantCacheInterceptor });

    for (const path of ['/versioned', '/cats']) {
      for (const version of ['1', '2', '1']) {
        const { body } = await get(path, { ...as('acme'), 'x-version': version });
        expect(body).toEqual({ version: Number(version) });
      }
    }
  });

  describe.each(['/report', '/named'])('an answer that is kept, of %s', (path) => {
    it('is given to its tenant again, and to no other', async () => {
      await start(adapter, { interceptor: TenantCacheInterceptor });

      const first = await get(path, as('acme'));
      const again = await get(path, as('acme'));
      const others = await get(path, as('globex'));

      expect([first.headers.get('x-cache'), again.headers.get('x-cache')]).toEqual(['MISS', 'HIT']);
      expect(again.body).toEqual(first.body);
      expect([others.body.of, others.headers.get('x-cache')]).toEqual(['globex', 'MISS']);
      expect((await get(path, as('acme'))).body).toEqual(first.body);
    });

    it('is given to nobody without a tenant, and theirs is not kept', async () => {
      await start(adapter, { interceptor: TenantCacheInterceptor, required: false });
      await get(path, as('acme'));

      const [first, second] = [await get(path), await get(path)];

      expect([first.body.of, second.body.of]).toEqual(['nobody', 'nobody']);
      expect(second.body.made).not.toBe(first.body.made);
      expect((await get(path, as('globex'))).body.of).toBe('globex');
    });

    it('is not given to a caller of another tenant, where a guard authenticates', async () => {
      await start(adapter, { interceptor: TenantCacheInterceptor, guarded: true });
      expect((await get(path, { ...as('acme'), authorization: 'acme' })).status).toBe(200);

      const stranger = await get(path, { ...as('acme'), authorization: 'globex' });

      expect([stranger.status, stranger.body.code]).toEqual([403, 'TENANT_FORBIDDEN']);
    });

    it('counts as a request', async () => {
      await start(adapter, { interceptor: TenantCacheInterceptor, limit: 3 });

      const statuses = [];
      for (let n = 0; n < 4; n += 1) statuses.push((await get(path, as('acme'))).status);

      expect(statuses).toEqual([200, 200, 200, 429]);
    });
  });

  it('an answer of a route that belongs to no tenant is not kept', async () => {
    await start(adapter, { interceptor: TenantCacheInterceptor });

    const answers = [await get('/public', as('acme')), await get('/public', as('globex'))];

    expect(answers.map(({ body }) => body.of)).toEqual(['nobody', 'nobody']);
    expect(answers[1].body.made).not.toBe(answers[0].body.made);
  });

  it('an answer that was made as another tenant than it was asked for is not kept', async () => {
    await start(adapter, { interceptor: TenantCacheInterceptor });

    const answers = [await get('/switched?to=globex', as('acme')), await get('/switched?to=globex', as('acme'))];

    expect(answers.map(({ body }) => body.of)).toEqual(['globex', 'globex']);
    expect(answers[1].body.made).not.toBe(answers[0].body.made);
  });

  it('a tenant that was dropped and made again has none of its answers', async () => {
    await start(adapter, { interceptor: TenantCacheInterceptor });
    const before = await get('/report', as('acme'));
    store.save({ id: 'acme', schema: 't_acme_2' });
    await running!.app.get(TenantService).invalidate('acme');

    const after = await get('/report', as('acme'));

    store.save({ id: 'acme', schema: 't_acme' });
    expect(after.body.made).not.toBe(before.body.made);
  });

  it.each(['/report', '/named'])('Nest’s own CacheInterceptor does give it to another tenant: %s', async (path) => {
    await start(adapter, { interceptor: CacheInterceptor });
    await get(path, as('acme'));

    expect((await get(path, as('globex'))).body.of).toBe('acme');
  });
});
