import { setTimeout as delay } from 'node:timers/promises';

const FIRST_PAUSE = 100;

export interface Retries {
  /** How often work is done again at most. */
  readonly retries: number;
  /** No attempt begins after this time of `performance.now()`. */
  readonly until: number;
  /** Whether the same question may have another answer soon. */
  readonly mayPass: (error: unknown) => boolean;
  readonly onRetry: () => void;
}

/**
 * Does work again where it failed for a reason that may pass, after 50 to 100 ms, then 100 to 200 ms, and so on: at random,
 * so that instances that failed together do not come back together. Only for work that may be done twice.
 */
export async function withRetries<T>(work: () => Promise<T>, options: Retries): Promise<T> {
  const { retries, until, mayPass, onRetry } = options;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const pause = FIRST_PAUSE * 2 ** attempt * (0.5 + Math.random() / 2);
      if (attempt >= retries || !mayPass(error) || performance.now() + pause >= until) throw error;
      await delay(pause);
      // It may have become hopeless in the meantime.
      if (!mayPass(error)) throw error;
      onRetry();
    }
  }
}
