import type { Cache } from 'cache-manager';
import { adoptAnswer } from './adopt-answer.js';
import { BoundedMap } from './bounded-map.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { withDeadline } from './deadline.js';
import { isSameProof, proofOf } from './entry-proof.js';
import type { SteadyClock } from './steady-clock.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { TenantCounters } from './tenant-metrics.js';
import type { Tenant } from './tenant.js';
import { isRecord } from './tenant.js';

/** As much as HttpTenantStore reads of an answer by default. */
const MAX_LENGTH = 1_048_576;

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
  /** What was declared out of date and not asked of the store since: whoever else's clock is ahead may say what he likes. */
  private readonly doubted: BoundedMap<string, true>;
  /** From when on changes are heard of: a copy of before may be anything. */
  private trustedFrom = Number.NEGATIVE_INFINITY;
  private readonly breaker: CircuitBreaker;
  // What a logger or a debugger prints of an object is all but this.
  readonly #secret: string | undefined;

  constructor(
    private readonly cache: CacheManager | undefined,
    private readonly options: TenantCacheOptions,
    private readonly counters: TenantCounters,
    private readonly clock: SteadyClock,
    secret?: string,
  ) {
    this.#secret = secret;
    this.changed = new BoundedMap(options.max);
    this.doubted = new BoundedMap(options.max);
    this.breaker = new CircuitBreaker(options.breakerFailures, options.retryAfter);
  }

  /** A tenant that is not older than `ttl`, and newer than what the caller has. Anything else is a miss. */
  async get(key: string, newerThan = Number.NEGATIVE_INFINITY): Promise<LoadedTenant | undefined> {
    if (this.doubted.get(key)) return undefined;
    const entry: unknown = await this.use((cache) => cache.get(cacheKey(key)));
    if (!isRecord(entry) || entry.key !== key || typeof entry.loadedAt !== 'number') return undefined;
    const loadedAt = this.clock.fromSystem(entry.loadedAt);
    if (loadedAt === undefined || this.clock.now() - loadedAt >= this.options.ttl || this.isOutdated(key, loadedAt))
      return undefined;
    if (loadedAt <= newerThan) return undefined;
    try {
      if (!this.isOurs(key, entry.loadedAt, entry)) return undefined;
      const tenant = adoptAnswer(key, entry.tenant as Tenant | undefined);
      // Found by a domain: it is the tenant that was changed.
      if (!tenant || this.isOutdated(`id:${tenant.id}`, loadedAt)) return undefined;
      return { tenant, loadedAt };
    } catch {
      return undefined;
    }
  }

  async set(key: string, { tenant, loadedAt }: LoadedTenant): Promise<void> {
    this.doubted.delete(key);
    // To many caches a ttl of 0 means for ever.
    if (this.options.ttl === 0) return;
    const entry = { key, tenant, loadedAt: this.clock.toSystem(loadedAt) };
    const secret = this.#secret;
    const proof = secret && proofOf(secret, key, entry.loadedAt, JSON.stringify(tenant));
    await this.use((cache) => cache.set(cacheKey(key), proof ? { ...entry, proof } : entry, this.options.ttl));
  }

  /** Whether an instance has put it there, as far as a secret can tell; and no more than a tenant may be. */
  private isOurs(key: string, loadedAt: number, { tenant, proof }: Readonly<Record<string, unknown>>): boolean {
    const json = JSON.stringify(tenant) as string | undefined;
    if (json === undefined || json.length > MAX_LENGTH) return false;
    const secret = this.#secret;
    return secret === undefined || isSameProof(proof, proofOf(secret, key, loadedAt, json));
  }

  /** Declares what there is of a key out of date, at once for this process. */
  async forget(key: string): Promise<void> {
    this.changed.set(key, this.clock.now());
    this.doubted.set(key, true);
    await this.delete(key);
  }

  /** Takes nothing back that was loaded until now. */
  distrust(): void {
    this.trustedFrom = this.clock.now();
  }

  private isOutdated(key: string, loadedAt: number): boolean {
    return loadedAt <= this.trustedFrom || loadedAt <= (this.changed.get(key) ?? 0);
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
