import { Logger } from '@nestjs/common';
import { TenancyError, TenantServiceUnavailableError } from '../tenancy.errors.js';
import type { Verdict } from './circuit-breaker.js';
import { CircuitBreaker } from './circuit-breaker.js';
import { LateError, withDeadline } from './deadline.js';
import { withRetries } from './retry.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { TenantCounters } from './tenant-metrics.js';
import { isStoreAway } from './unusable-answer.js';

/** Stands between the service and its store: a deadline, retries, and a breaker for a store that is down. */
export class StoreGuard {
  readonly breaker: CircuitBreaker;
  private readonly logger = new Logger('TenancyModule');
  private isStoreDown = false;

  constructor(
    private readonly options: TenantCacheOptions,
    private readonly counters: TenantCounters,
  ) {
    this.breaker = new CircuitBreaker(options.breakerFailures, options.retryAfter);
  }

  /** When what begins now has to have its answer, as `performance.now()` tells the time. */
  deadline(): number {
    return performance.now() + this.options.storeTimeout;
  }

  /** Asks something that may be asked twice: it is, where the store failed and there is time. */
  read<T>(question: () => Promise<T>, until = this.deadline()): Promise<T> {
    return withRetries(() => this.ask(question, until), {
      retries: this.options.retries,
      until,
      mayPass: (error) => verdictOf(error) === 'down' && this.breaker.state === 'closed',
      onRetry: () => (this.counters.store.retries += 1),
    });
  }

  /** Asks for a change, once: one that was not confirmed may have been made. */
  write<T>(question: () => Promise<T>): Promise<T> {
    return this.ask(question, this.deadline());
  }

  /** Throws while the store is being left alone: nobody waits for a turn that would be refused. */
  assertPassable(): void {
    if (!this.breaker.isPassable) throw this.refuse();
  }

  private ask<T>(question: () => Promise<T>, until: number): Promise<T> {
    const attempt = async (): Promise<T> => {
      this.counters.store.calls += 1;
      const time = until - performance.now();
      try {
        const answer = await withDeadline(question(), time, 'The tenant store');
        this.note(undefined);
        return answer;
      } catch (error) {
        // Most of its time went into waiting for a turn, or for earlier attempts: that is not the store's doing.
        if (error instanceof LateError && time < this.options.storeTimeout / 2) throw new CutShortError(error);
        throw this.failed(error);
      }
    };
    return this.breaker.run(attempt, verdictOf, () => this.refuse());
  }

  /** Whatever keeps the store from answering is one error; what it says of tenancy itself stays what it is. */
  private failed(error: unknown): TenancyError {
    const failure =
      error instanceof TenancyError
        ? error
        : new TenantServiceUnavailableError('The tenant store failed.', { cause: error });
    if (failure instanceof TenantServiceUnavailableError) {
      this.counters.store.failures += 1;
      this.note(failure);
    }
    return failure;
  }

  private refuse(): TenantServiceUnavailableError {
    this.counters.refused.breaker += 1;
    const retryAfter = Math.max(1, Math.ceil(this.breaker.remaining / 1_000));
    return new TenantServiceUnavailableError(
      'The tenant store failed several times in a row and is left alone for a while (cache.breakerFailures).',
      { retryAfter },
    );
  }

  /** Known tenants hide that the store is down: the log says when it begins, and when it is over. */
  private note(failure: TenantServiceUnavailableError | undefined): void {
    if (this.isStoreDown === (failure !== undefined)) return;
    this.isStoreDown = failure !== undefined;
    if (!failure) return this.logger.log('The tenant store answers again.');
    const { message, cause } = failure;
    this.logger.warn(`${message} Known tenants keep working.${cause instanceof Error ? ` ${cause.message}` : ''}`);
  }
}

class CutShortError extends TenantServiceUnavailableError {
  constructor(cause: LateError) {
    super('The tenant store was asked late, and did not answer in what was left of cache.storeTimeout.', { cause });
  }
}

function verdictOf(error: unknown): Verdict {
  if (error instanceof CutShortError) return 'unclear';
  return isStoreAway(error) ? 'down' : 'answered';
}
