/** `closed`: all are let through. `open`: none. `half-open`: the pause is over, and one is let through to try. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** What an error says: that it is down, that it answered though it refused, or nothing of the kind. */
export type Verdict = 'down' | 'answered' | 'unclear';

/**
 * Leaves alone for a while what failed several times in a row. After the pause one call tries again: its success lets all
 * through, its failure begins another pause.
 */
export class CircuitBreaker {
  private failures = 0;
  private openUntil: number | undefined;
  private isTrying = false;

  constructor(
    private readonly maxFailures: number,
    /** In milliseconds. */
    private readonly pause: number,
    // Not Date.now(): a clock that is put back would keep it open for as long.
    private readonly now: () => number = () => performance.now(),
  ) {}

  get state(): BreakerState {
    if (this.openUntil === undefined) return 'closed';
    return this.isTrying || this.now() >= this.openUntil ? 'half-open' : 'open';
  }

  /** Whether a call would be let through now. */
  get isPassable(): boolean {
    return this.openUntil === undefined || (!this.isTrying && this.now() >= this.openUntil);
  }

  /** How long it stays closed to calls, in milliseconds; 0 where one may try. */
  get remaining(): number {
    return this.openUntil === undefined ? 0 : Math.max(0, this.openUntil - this.now());
  }

  /** Does the work, or throws what `refuse` makes. */
  async run<T>(work: () => Promise<T>, judge: (error: unknown) => Verdict, refuse: () => Error): Promise<T> {
    if (!this.isPassable) throw refuse();
    const isTrial = this.openUntil !== undefined;
    if (isTrial) this.isTrying = true;
    try {
      const result = await work();
      this.close();
      return result;
    } catch (error) {
      const verdict = judge(error);
      if (verdict === 'down') this.fail(isTrial);
      if (verdict === 'answered') this.close();
      throw error;
    } finally {
      if (isTrial) this.isTrying = false;
    }
  }

  private close(): void {
    this.failures = 0;
    this.openUntil = undefined;
  }

  private fail(isTrial: boolean): void {
    this.failures += 1;
    // One that began before the pause and fails within it makes it no longer: under load it would never end.
    const opens = this.openUntil === undefined && this.failures >= this.maxFailures;
    if (opens || isTrial) this.openUntil = this.now() + this.pause;
  }
}
