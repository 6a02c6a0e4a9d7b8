import { BoundedMap } from './bounded-map.js';
import type { SteadyClock } from './steady-clock.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';

/** The keys that are nobody's. Apart from those of tenants: a flood of ids that are nobody's pushes out no tenant. */
export class AbsentTenants {
  /** When each was found missing. */
  private readonly missed: BoundedMap<string, number>;
  /** What was missing until then may be somebody's, unheard. */
  private trustedFrom = Number.NEGATIVE_INFINITY;
  private domainsTrustedFrom = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly options: TenantCacheOptions,
    private readonly clock: SteadyClock,
  ) {
    this.missed = new BoundedMap(options.negativeMax);
  }

  get size(): number {
    return this.missed.size;
  }

  has(key: string): boolean {
    const missedAt = this.missed.get(key);
    if (missedAt === undefined || this.clock.now() - missedAt >= this.options.negativeTtl) return false;
    return missedAt > this.trustedFrom && (missedAt > this.domainsTrustedFrom || !isDomain(key));
  }

  add(key: string): void {
    this.missed.set(key, this.clock.now());
  }

  delete(key: string): void {
    this.missed.delete(key);
  }

  distrust(): void {
    this.trustedFrom = this.clock.now();
  }

  /** A tenant was changed, and nobody knows which domains it has by now: any may be its. */
  distrustDomains(): void {
    this.domainsTrustedFrom = this.clock.now();
  }
}

export function isDomain(key: string): boolean {
  return key.startsWith('domain:');
}
