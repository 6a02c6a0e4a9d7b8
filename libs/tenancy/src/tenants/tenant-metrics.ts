import type { BreakerState } from './circuit-breaker.js';

export type WatchState = 'off' | 'listening' | 'lost';

/** What `TenantService` did since it was made, and how it stands now. Counts only grow. */
export interface TenantMetrics {
  /** Tenants that were found, by where: known in this process, in the shared cache, in the store. */
  readonly hits: { readonly process: number; readonly sharedCache: number; readonly store: number };
  /** Questions that joined a look-up which was under way for another. */
  readonly joined: number;
  /** Ids of nobody: remembered as such, and told by the store. */
  readonly misses: { readonly process: number; readonly store: number };
  /** Answers that were older than `ttl`, as the store did not answer, or not in time. */
  readonly stale: number;
  /** Look-ups in the background, of tenants in use that were about to become older than `ttl`. */
  readonly refreshes: number;
  /** Look-ups of known tenants that failed, in the background or not. */
  readonly failedRenewals: number;
  /** What the store was asked, retries included; how much of it failed; how much was asked again. */
  readonly store: { readonly calls: number; readonly failures: number; readonly retries: number };
  /** Refused without a question to the store: it was being left alone, too many were asking, too many found nobody. */
  readonly refused: { readonly breaker: number; readonly limit: number; readonly misses: number };
  /** What the shared cache failed to do, or not in time. */
  readonly sharedCacheFailures: number;

  /** Changes of tenants that the store told of, and how often it began to: all that was known was looked up again then. */
  readonly changes: { readonly heard: number; readonly resumed: number };

  /** Whether the store tells of changes now; `off` where nobody asked it to. */
  readonly watch: WatchState;
  /** Whether the store is being left alone now. */
  readonly breaker: BreakerState;
  /** What is kept in this process now: tenants (by id and by domain), and ids of nobody. */
  readonly entries: { readonly known: number; readonly absent: number };
  /** The age of the oldest tenant that is kept, in milliseconds; 0 where there is none. */
  readonly oldestAge: number;
  /** Look-ups of unknown ids now: at the store, and waiting for their turn. */
  readonly lookups: { readonly running: number; readonly waiting: number };
}

/** The counts behind `TenantMetrics`. */
export class TenantCounters {
  readonly hits = { process: 0, sharedCache: 0, store: 0 };
  joined = 0;
  readonly misses = { process: 0, store: 0 };
  stale = 0;
  refreshes = 0;
  failedRenewals = 0;
  readonly store = { calls: 0, failures: 0, retries: 0 };
  readonly refused = { breaker: 0, limit: 0, misses: 0 };
  sharedCacheFailures = 0;
  readonly changes = { heard: 0, resumed: 0 };
  watch: WatchState = 'off';
}
