// The names of `nestjs-tenancy/throttler`: apart, as they need @nestjs/throttler.
export { TenantThrottlerModule } from './tenant-throttler.module.js';
export type { TenantPlans, TenantThrottlerOptions } from './limits/tenant-throttler-options.js';
export type { RequestLimit } from './limits/request-limit.js';
export { TenantThrottlerGuard } from './limits/tenant-throttler.guard.js';
export type { RedisScripts } from './limits/redis-throttler-storage.js';
export { RedisThrottlerStorage } from './limits/redis-throttler-storage.js';
