import { Logger } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { withDeadline } from '../tenants/deadline.js';
import { SteadyClock } from '../tenants/steady-clock.js';
import type { ThrottlerRecord } from './window-storage.js';
import { WindowStorage } from './window-storage.js';

/** How long a storage that failed is left alone, in milliseconds. */
const RETRY_AFTER = 1_000;

/**
 * A storage that may be away: while it is, this instance counts for itself. Neither is a tenant refused for it, nor is
 * anybody let through without a limit.
 */
export class SteadyStorage implements ThrottlerStorage {
  private readonly own = new WindowStorage();
  private readonly clock = new SteadyClock();
  private readonly logger = new Logger('TenancyModule');
  private retryAt = 0;

  constructor(
    private readonly shared: ThrottlerStorage,
    private readonly timeout: number,
  ) {}

  async increment(...request: Parameters<ThrottlerStorage['increment']>): Promise<ThrottlerRecord> {
    if (this.clock.now() < this.retryAt) return this.countAlone(request);
    try {
      const record = await withDeadline(this.shared.increment(...request), this.timeout, 'The storage of the limits');
      if (this.retryAt > 0) this.logger.log('The storage of the limits answers again.');
      this.retryAt = 0;
      return record;
    } catch (error) {
      if (this.retryAt === 0) {
        const why = error instanceof Error ? error.message : String(error);
        this.logger.warn(`The storage of the limits fails; each instance counts for itself until it answers. ${why}`);
      }
      this.retryAt = this.clock.now() + RETRY_AFTER;
      return this.countAlone(request);
    }
  }

  private countAlone([key, ttl, limit, blockDuration]: Parameters<ThrottlerStorage['increment']>) {
    return this.own.increment(key, ttl, limit, blockDuration);
  }
}
