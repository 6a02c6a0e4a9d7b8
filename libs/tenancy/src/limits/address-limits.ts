import { AddressLimitExceededError } from '../tenancy.errors.js';
import { BoundedMap } from '../tenants/bounded-map.js';
import { SteadyClock } from '../tenants/steady-clock.js';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { RequestLimit } from './request-limit.js';

/** How many addresses that are refused now one process remembers. */
const MAX_REFUSED = 10_000;

/**
 * Counts, for each address, the requests that were no tenant's, when they are over: only then it is known. An address that
 * has used up its limit is refused at the door until its window ends; that costs the storage nothing.
 */
export class AddressLimits {
  private readonly refusedUntil = new BoundedMap<string, number>(MAX_REFUSED);
  private readonly clock = new SteadyClock();

  constructor(
    private readonly storage: ThrottlerStorage,
    readonly limit: RequestLimit,
  ) {}

  /** Throws `AddressLimitExceededError` while the address is refused. */
  check(address: string): void {
    const until = this.refusedUntil.get(address);
    if (until === undefined) return;
    const rest = until - this.clock.now();
    if (rest > 0) throw new AddressLimitExceededError(this.limit.limit, Math.ceil(rest / 1_000));
    this.refusedUntil.delete(address);
  }

  /** Counts a request that was no tenant's. The one that uses up the limit is the last that is let in. */
  async count(address: string): Promise<void> {
    const { limit, ttl } = this.limit;
    const { totalHits, isBlocked, timeToExpire, timeToBlockExpire } = await this.storage.increment(
      `address:${address}`,
      ttl,
      limit,
      0,
      'address',
    );
    if (!isBlocked && totalHits < limit) return;
    this.refusedUntil.set(address, this.clock.now() + (isBlocked ? timeToBlockExpire : timeToExpire) * 1_000);
  }
}
