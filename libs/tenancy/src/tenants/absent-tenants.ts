import { BoundedMap } from './bounded-map.js';
import type { SteadyClock } from './steady-clock.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';

interface Absence {
  readonly missedAt: number;
  /** Until when a store that did not answer is not asked for it. */
  readonly retryAt?: number;
}

/** The keys that are nobody's. Apart from those of tenants: a flood of ids that are nobody's pushes out no tenant. */
export class AbsentTenants {
  private readonly missed: BoundedMap<string, Absence>;
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
    const missedAt = this.missed.get(key)?.missedAt;
    if (missedAt === undefined || this.clock.now() - missedAt >= this.options.negativeTtl) return false;
    return missedAt > this.trustedFrom && (missedAt > this.domainsTrustedFrom || !isDomain(key));
  }

  /** Whether nobody had this domain a while ago. Of an id that says nothing; a host may be the application's own. */
  hadNobody(key: string): boolean {
    const missedAt = isDomain(key) ? this.missed.get(key)?.missedAt : undefined;
    return missedAt !== undefined && this.clock.now() - missedAt < this.options.staleTtl;
  }

  /** Whether the store did not answer for it when it was asked last. */
  isFailing(key: string): boolean {
    return this.missed.get(key)?.retryAt !== undefined;
  }

  isLeftAlone(key: string): boolean {
    return this.clock.now() < (this.missed.get(key)?.retryAt ?? 0);
  }

  add(key: string): void {
    this.missed.set(key, { missedAt: this.clock.now() });
  }

  leaveAlone(key: string): void {
    const absence = this.missed.get(key);
    if (absence) this.missed.set(key, { ...absence, retryAt: this.clock.now() + this.options.retryAfter });
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
