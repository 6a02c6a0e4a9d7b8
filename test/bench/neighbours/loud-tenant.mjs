import { TenantQuotaExceededError } from 'nestjs-tenancy';

/** How many statements it wants answered at once, at any time. */
export const LOUD = 200;
/** How long each takes. */
export const SLOW_SECONDS = 0.2;

/** Asks for a slow statement again and again, many at once. What is refused because it is too much is asked for again. */
export function startLoudTenant(ask) {
  const counts = { answered: 0, refused: 0 };
  const stopped = new AbortController();
  const askAgain = async () => {
    while (!stopped.signal.aborted) {
      try {
        await ask();
        counts.answered += 1;
      } catch (error) {
        if (!(error instanceof TenantQuotaExceededError)) throw error;
        counts.refused += 1;
      }
    }
  };
  const running = Promise.all(Array.from({ length: LOUD }, askAgain));
  // Told when it is stopped, not as a rejection that nobody handles.
  running.catch(() => undefined);
  return {
    stop: async () => {
      stopped.abort();
      await running;
      return counts;
    },
  };
}
