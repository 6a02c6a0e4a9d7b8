import type { INestApplication, Provider } from '@nestjs/common';
import { CACHE_MANAGER, CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Injectable, Logger, Module, Scope } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, Reflector } from '@nestjs/core';
import type { ThrottlerModuleOptions } from '@nestjs/throttler';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InMemoryTenantStore, TenancyModule } from 'nestjs-tenancy';
import { TenantCacheInterceptor } from 'nestjs-tenancy/caching';
import { TenantThrottlerGuard, TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import { startApp } from './support/start-app.js';

afterEach(() => {
  vi.restoreAllMocks();
});

interface Parts {
  readonly providers?: Provider[];
  readonly throttler?: ThrottlerModuleOptions;
  readonly configure?: (app: INestApplication) => void;
  readonly limits?: boolean;
}

/** What the module says at start. */
async function warnings({ providers = [], throttler = [{ limit: 1, ttl: 1 }], configure, limits }: Parts) {
  @Module({
    imports: [
      CacheModule.register({ isGlobal: true }),
      ThrottlerModule.forRoot(throttler),
      TenancyModule.forRoot({ store: new InMemoryTenantStore([]) }),
      ...(limits ? [TenantThrottlerModule.forRoot({ plans: { default: { limit: 1, ttl: 1 } } })] : []),
    ],
    providers,
  })
  class AppModule {}
  const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const { app } = await startApp(AppModule, 'Express', configure);
  await app.close();
  return warned.mock.calls.map(([message]) => String(message));
}

@Injectable()
class OwnKeyInterceptor extends CacheInterceptor {
  protected override trackBy(): string {
    return 'with the tenant';
  }
}

@Injectable()
class RenamedInterceptor extends CacheInterceptor {}

@Injectable()
class OwnTrackerGuard extends ThrottlerGuard {
  protected override getTracker(): Promise<string> {
    return Promise.resolve('with the tenant');
  }
}

const getTracker = () => 'with the tenant';

describe('at start, a warning names what to use instead of', () => {
  it.each<[string, Parts]>([
    ['a provider', { providers: [{ provide: APP_INTERCEPTOR, useClass: CacheInterceptor }] }],
    ['a subclass', { providers: [{ provide: APP_INTERCEPTOR, useClass: RenamedInterceptor }] }],
    [
      'one of each request',
      { providers: [{ provide: APP_INTERCEPTOR, useClass: CacheInterceptor, scope: Scope.REQUEST }] },
    ],
    [
      'useGlobalInterceptors()',
      { configure: (app) => app.useGlobalInterceptors(new CacheInterceptor(app.get(CACHE_MANAGER), new Reflector())) },
    ],
  ])('Nest’s CacheInterceptor: %s', async (_how, parts) => {
    expect(await warnings(parts)).toEqual([
      expect.stringContaining('Use TenantCacheInterceptor of nestjs-tenancy/caching'),
    ]);
  });

  it.each<[string, Parts]>([
    ['a provider', { providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }] }],
    ['one of each request', { providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard, scope: Scope.REQUEST }] }],
    [
      'useGlobalGuards()',
      {
        providers: [ThrottlerGuard],
        configure: (app) => app.useGlobalGuards(app.get(ThrottlerGuard)),
      },
    ],
  ])('Nest’s ThrottlerGuard: %s', async (_how, parts) => {
    expect(await warnings(parts)).toEqual([expect.stringContaining('TenantThrottlerGuard')]);
  });
});

describe('at start, nothing is said of', () => {
  const guard = { provide: APP_GUARD, useClass: ThrottlerGuard };

  it.each<[string, Parts]>([
    ['an application that uses neither', {}],
    ['TenantCacheInterceptor', { providers: [{ provide: APP_INTERCEPTOR, useClass: TenantCacheInterceptor }] }],
    [
      'a CacheInterceptor with keys of its own',
      { providers: [{ provide: APP_INTERCEPTOR, useClass: OwnKeyInterceptor }] },
    ],
    ['TenantThrottlerGuard', { providers: [{ provide: APP_GUARD, useClass: TenantThrottlerGuard }] }],
    ['TenantThrottlerModule', { limits: true }],
    ['a ThrottlerGuard with trackers of its own', { providers: [{ provide: APP_GUARD, useClass: OwnTrackerGuard }] }],
    ['trackers in the options', { providers: [guard], throttler: { throttlers: [{ limit: 1, ttl: 1 }], getTracker } }],
    ['trackers of every throttler', { providers: [guard], throttler: [{ limit: 1, ttl: 1, getTracker }] }],
  ])('%s', async (_what, parts) => {
    expect(await warnings(parts)).toEqual([]);
  });
});
