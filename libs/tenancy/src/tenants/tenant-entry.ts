import type { LoadedTenant } from './shared-cache.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { Tenant } from './tenant.js';

/** A tenant as a process keeps it. */
export interface TenantEntry extends LoadedTenant {
  /** From when on it is looked up before it is used. */
  readonly dueAt: number;
  /** From when on it is looked up again in the background. */
  readonly refreshAt: number;
  /** Until when a store that did not answer is not asked for it. */
  readonly retryAt?: number;
  /** It may have changed: the store is asked before it is used, and it is used only where that fails. */
  readonly isDoubted?: boolean;
}

/**
 * Its refresh is due at some time between `refreshAt` and half the way from there to `ttl`: not for all tenants at once. One that is
 * not active is kept as who is not there, and not refreshed: how long an answer takes would tell the two apart.
 */
export function entryOf({ tenant, loadedAt }: LoadedTenant, options: TenantCacheOptions): TenantEntry {
  const { ttl, refreshAt, negativeTtl } = options;
  if (!isActive(tenant)) {
    const dueAt = loadedAt + Math.min(ttl, negativeTtl);
    return { tenant, loadedAt, dueAt, refreshAt: dueAt };
  }
  const share = refreshAt + ((1 - refreshAt) / 2) * Math.random();
  return { tenant, loadedAt, dueAt: loadedAt + ttl, refreshAt: loadedAt + ttl * share };
}

export function isActive({ status }: Tenant): boolean {
  return status === 'active';
}
