import type { Provider } from '@nestjs/common';
import { ConfigurableModuleBuilder, Inject, Module } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, HttpAdapterHost } from '@nestjs/core';
import type { ThrottlerModuleOptions, ThrottlerStorage } from '@nestjs/throttler';
import { getOptionsToken, getStorageToken } from '@nestjs/throttler';
import { tenantOfScope } from './context/tenant-context.js';
import { currentScope } from './context/tenancy-scope.js';
import { addressLimitMiddleware } from './limits/address-limit.middleware.js';
import { AddressLimits } from './limits/address-limits.js';
import { SteadyStorage } from './limits/steady-storage.js';
import type { TenantLimits, TenantThrottlerOptions } from './limits/tenant-throttler-options.js';
import { completeThrottlerOptions } from './limits/tenant-throttler-options.js';
import { TenantThrottlerGuard } from './limits/tenant-throttler.guard.js';
import { TenantThrottlerInterceptor } from './limits/tenant-throttler.interceptor.js';
import { WindowStorage } from './limits/window-storage.js';
import { excludedPaths } from './resolution/excluded-paths.js';
import { pathOf } from './resolution/tenant-request.js';
import { REQUEST_QUOTA } from './tenancy.tokens.js';

const TENANT_THROTTLER_OPTIONS = Symbol('TENANT_THROTTLER_OPTIONS');
const TENANT_LIMITS = Symbol('TENANT_LIMITS');

/** A storage for each kind of key: where they are bounded, many addresses must not push out the tenants' counts. */
function storageOf({ storage, storageTimeout }: TenantLimits): ThrottlerStorage {
  return storage ? new SteadyStorage(storage, storageTimeout) : new WindowStorage();
}

const shared: Provider[] = [
  {
    provide: AddressLimits,
    inject: [TENANT_LIMITS],
    useFactory: (limits: TenantLimits) => new AddressLimits(storageOf(limits), limits.address),
  },
  {
    provide: getOptionsToken(),
    inject: [TENANT_LIMITS],
    useFactory: ({ ofTenant }: TenantLimits): ThrottlerModuleOptions => {
      const limit = () => ofTenant(tenantOfScope(currentScope()));
      // Named "default", as @Throttle() and @SkipThrottle() have it. What is over waits for the end of the window.
      return [{ name: 'default', limit: () => limit().limit, ttl: () => limit().ttl, blockDuration: 0 }];
    },
  },
  { provide: getStorageToken(), inject: [TENANT_LIMITS], useFactory: storageOf },
  TenantThrottlerGuard,
  { provide: REQUEST_QUOTA, useExisting: TenantThrottlerGuard },
];

const { ConfigurableModuleClass } = new ConfigurableModuleBuilder<TenantThrottlerOptions>({
  optionsInjectionToken: TENANT_THROTTLER_OPTIONS,
})
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createTenantThrottlerOptions')
  .setExtras({}, (definition) => ({
    ...definition,
    // For a guard or an interceptor that is made in the application's modules.
    global: true,
    exports: shared,
    providers: [
      ...(definition.providers ?? []),
      { provide: TENANT_LIMITS, inject: [TENANT_THROTTLER_OPTIONS], useFactory: completeThrottlerOptions },
      ...shared,
      { provide: APP_GUARD, useExisting: TenantThrottlerGuard },
      { provide: APP_INTERCEPTOR, useClass: TenantThrottlerInterceptor },
    ],
  }))
  .build();

/**
 * Limits of requests: each tenant has what its plan says, over all its callers, addresses and routes. A request counts for
 * its tenant once the caller has proven to be of it, by the claim where one is asked for, and otherwise by getting past all
 * guards. Until then, and where it never does, it counts for its address: nobody can use up a tenant's quota in its name.
 *
 * @example
 * TenantThrottlerModule.forRoot({
 *   plans: { free: { limit: 60, ttl: 60_000 }, pro: { limit: 6_000, ttl: 60_000 } },
 *   storage: new RedisThrottlerStorage(redis),
 * })
 */
@Module({})
export class TenantThrottlerModule extends ConfigurableModuleClass {
  constructor(adapterHost: HttpAdapterHost, addresses: AddressLimits, @Inject(TENANT_LIMITS) limits: TenantLimits) {
    super();
    const isExcluded = excludedPaths(limits.exclude);
    const door = addressLimitMiddleware(addresses, (request) => isExcluded(pathOf(request)));
    // As soon as there is an adapter: before the bodies are parsed, and before the middleware of every module.
    adapterHost.init$.subscribe(() => adapterHost.httpAdapter?.use(door));
  }
}
