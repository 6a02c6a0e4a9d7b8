import type { Cache } from 'cache-manager';
import { adoptAnswer } from './adopt-answer.js';
import { BoundedMap } from './bounded-map.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { withDeadline } from './deadline.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { TenantCounters } from './tenant-metrics.js';
import type { Tenant } from './tenant.js';
import { isRecord } from './tenant.js';

/** What is used of cache-manager. */
export type CacheManager = Pick<Cache, 'get' | 'set' | 'del'>;

/** A tenant, and when the store was asked for it. */
export interface LoadedTenant {
  readonly tenant: Tenant;
  readonly loadedAt: number;
}

/** What instances tell each other of the tenants, by cache-manager. A cache that fails, or hangs, is done without. */
export class SharedCache {
  /** When what was known was declared out of date: a copy of before is not taken back. */
  private readonly changed: BoundedMap<string, number>;
  private readonly breaker: CircuitBreaker;

  constructor(
    private readonly cache: CacheManager | undefined,
    private readonly options: TenantCacheOptions,
    private readonly counters: TenantCounters,
  ) {
    this.changed = new BoundedMap(options.max);
    this.breaker = new CircuitBreaker(options.breakerFailures, options.retryAfter);
  }

  /** A tenant that is not older than `ttl`, and newer than what the caller has. Anything else is a miss. */
  async get(key: string, newerThan = Number.NEGATIVE_INFINITY): Promise<LoadedTenant | undefined> {
    const entry: unknown = await this.use((cache) => cache.get(cacheKey(key)));
    if (!isRecord(entry) || entry.key !== key || typeof entry.loadedAt !== 'number') return undefined;
    // Another instance's clock may be ahead of this one's: nothing is younger than now.
    const loadedAt = Math.min(entry.loadedAt, Date.now());
    if (!(Date.now() - loadedAt < this.options.ttl) || loadedAt <= (this.changed.get(key) ?? 0)) return undefined;
    if (loadedAt <= newerThan) return undefined;
    try {
      const tenant = adoptAnswer(key, entry.tenant as Tenant | undefined);
      return tenant && { tenant, loadedAt };
    } catch {
      return undefined;
    }
  }

  async set(key: string, { tenant, loadedAt }: LoadedTenant): Promise<void> {
    // To many caches a ttl of 0 means for ever.
    if (this.options.ttl === 0) return;
    await this.use((cache) => cache.set(cacheKey(key), { key, tenant, loadedAt }, this.options.ttl));
  }

  /** Declares what there is of a key out of date, at once for this process. */
  async forget(key: string): Promise<void> {
    this.changed.set(key, Date.now());
    await this.delete(key);
  }

  /** Tried even where the cache fails: what stays there is what other instances believe. */
  async delete(key: string): Promise<void> {
    const { cache } = this;
    if (cache) await this.attempt(() => cache.del(cacheKey(key))).catch(() => undefined);
  }

  private async use<T>(use: (cache: CacheManager) => Promise<T>): Promise<T | undefined> {
    const { cache } = this;
    if (!cache) return undefined;
    // One that hangs would cost every look-up its deadline.
    const refuse = () => new Error('The cache is left alone for a while.');
    return this.breaker
      .run(
        () => this.attempt(() => use(cache)),
        () => 'down',
        refuse,
      )
      .catch(() => undefined);
  }

  private async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(work(), this.options.cacheTimeout, 'The cache');
    } catch (error) {
      this.counters.sharedCacheFailures += 1;
      throw error;
    }
  }
}

function cacheKey(key: string): string {
  return `tenancy:tenant:${key}`;
}
