import { TenantServiceUnavailableError } from '../tenancy.errors.js';
import { LookupLimit } from './lookup-limit.js';
import { MissBudget } from './miss-budget.js';
import type { StoreGuard } from './store-guard.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { TenantCounters } from './tenant-metrics.js';

/**
 * Asks the store for single tenants. Known ones have places of their own: a flood of ids that are nobody's is refused, and
 * keeps no tenant from being looked up again.
 */
export class StoreLookups {
  readonly unknown: LookupLimit;
  private readonly known: LookupLimit;
  private readonly misses: MissBudget;

  constructor(
    private readonly guard: StoreGuard,
    options: TenantCacheOptions,
    private readonly counters: TenantCounters,
  ) {
    this.unknown = new LookupLimit(options.maxLookups, options.maxWaiting);
    // One look-up for each that is kept, or was until it was changed: there are never more than twice `max`.
    this.known = new LookupLimit(options.maxLookups, Number.POSITIVE_INFINITY);
    this.misses = new MissBudget(options.maxMisses);
  }

  /** Looks a tenant up that this process knows already. */
  ofKnown<T>(question: () => Promise<T>): Promise<T> {
    const until = this.guard.deadline();
    return this.known.run(() => this.guard.read(question, until), until - performance.now());
  }

  /** Looks an id up of which nothing is known. Throws `TenantServiceUnavailableError` at once where too many do. */
  async ofUnknown<T>(question: () => Promise<T>): Promise<T> {
    const until = this.guard.deadline();
    this.guard.assertPassable();
    if (this.misses.isSpent) throw this.tooManyMisses();
    let isMyTurn = false;
    const lookUp = async (): Promise<T> => {
      isMyTurn = true;
      this.guard.assertPassable();
      if (!this.misses.take()) throw this.tooManyMisses();
      const found = await this.guard.read(question, until);
      if (found !== undefined) this.misses.giveBack();
      return found;
    };
    try {
      return await this.unknown.run(lookUp, until - performance.now());
    } catch (error) {
      if (!isMyTurn) this.counters.refused.limit += 1;
      throw error;
    }
  }

  private tooManyMisses(): TenantServiceUnavailableError {
    this.counters.refused.misses += 1;
    return new TenantServiceUnavailableError(
      'Too many ids that are nobody’s were looked up; unknown ids are refused for a while (cache.maxMisses).',
      { retryAfter: Math.max(1, Math.ceil(this.misses.remaining / 1_000)) },
    );
  }
}
