import type { LoadedTenant } from './shared-cache.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';

/** A tenant as a process keeps it. */
export interface TenantEntry extends LoadedTenant {
  /** From when on it is looked up again in the background. */
  readonly refreshAt: number;
  /** Until when a store that did not answer is not asked for it. */
  readonly retryAt?: number;
  /** It may have changed: the store is asked before it is used, and it is used only where that fails. */
  readonly isDoubted?: boolean;
}

/** Its refresh is due at some time between `refreshAt` and half the way from there to `ttl`: not for all tenants at once. */
export function entryOf({ tenant, loadedAt }: LoadedTenant, { ttl, refreshAt }: TenantCacheOptions): TenantEntry {
  return { tenant, loadedAt, refreshAt: loadedAt + ttl * (refreshAt + ((1 - refreshAt) / 2) * Math.random()) };
}
