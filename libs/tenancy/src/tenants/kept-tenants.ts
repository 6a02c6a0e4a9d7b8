import { BoundedMap } from './bounded-map.js';
import type { LoadedTenant } from './shared-cache.js';
import type { SteadyClock } from './steady-clock.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { TenantEntry } from './tenant-entry.js';
import { entryOf, isActive } from './tenant-entry.js';

/** The tenants that a process keeps, each under a key, and how far they can be relied on. */
export class KeptTenants {
  private readonly entries: BoundedMap<string, TenantEntry>;
  // Who was known until somebody changed it is no stranger: a flood of those does not keep it from being looked up again.
  private readonly forgotten: BoundedMap<string, true>;
  /** What was loaded until then may have changed unheard: it is due, and used only while the store does not answer. */
  private trustedFrom = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: TenantCacheOptions,
    private readonly clock: SteadyClock,
  ) {
    this.entries = new BoundedMap(options.max);
    this.forgotten = new BoundedMap(options.max);
  }

  get size(): number {
    return this.entries.size;
  }

  get oldestAge(): number {
    const now = this.clock.now();
    let oldest = 0;
    for (const [, { loadedAt }] of this.entries) oldest = Math.max(oldest, now - loadedAt);
    return oldest;
  }

  get(key: string): TenantEntry | undefined {
    return this.entries.get(key);
  }

  keep(key: string, found: LoadedTenant): void {
    this.forgotten.delete(key);
    this.entries.set(key, entryOf(found, this.options));
  }

  /** It is nobody's. */
  delete(key: string): void {
    this.forgotten.delete(key);
    this.entries.delete(key);
  }

  /** It was changed: what is kept is wrong. */
  forget(key: string): void {
    if (this.hasActive(key)) this.forgotten.set(key, true);
    this.entries.delete(key);
  }

  /** It may have been changed. Even a store that failed just now is asked again: the answer alone may have been lost. */
  doubt(key: string): void {
    const entry = this.entries.get(key);
    if (entry) this.entries.set(key, { ...entry, retryAt: undefined, isDoubted: true });
  }

  /** It is used as it is for a while, and the store is not asked for it. */
  leaveAlone(key: string): void {
    const entry = this.entries.get(key);
    if (entry) this.entries.set(key, { ...entry, retryAt: this.clock.now() + this.options.retryAfter });
  }

  distrust(): void {
    this.trustedFrom = this.clock.now();
  }

  /** Under what these tenants are kept: by a domain that one had, too. One look at all, for however many tenants. */
  keysOf(ids: ReadonlySet<string>): Set<string> {
    const keys = new Set<string>();
    for (const [key, { tenant }] of this.entries) if (ids.has(tenant.id)) keys.add(key);
    for (const id of ids) {
      keys.add(`id:${id}`);
      for (const domain of this.entries.get(`id:${id}`)?.tenant.domains ?? []) keys.add(`domain:${domain}`);
    }
    return keys;
  }

  isFresh({ loadedAt, dueAt, isDoubted }: TenantEntry, now: number): boolean {
    return !isDoubted && now < dueAt && loadedAt > this.trustedFrom;
  }

  /** Whether it is used while the store does not answer. */
  isUsable(entry: TenantEntry | undefined): entry is TenantEntry {
    if (entry && !isActive(entry.tenant)) return false;
    return entry !== undefined && this.clock.now() - entry.loadedAt < this.options.staleTtl;
  }

  /** Whether it is a tenant's that works. One that does not is asked for as a stranger is: nobody is to tell it from one. */
  isKnown(key: string): boolean {
    return this.hasActive(key) || this.forgotten.get(key) !== undefined;
  }

  private hasActive(key: string): boolean {
    const entry = this.entries.get(key);
    return entry !== undefined && isActive(entry.tenant);
  }
}
