const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** npx hands on the signal that the terminal has sent to both: one press of Ctrl-C arrives twice. */
const SAME_PRESS = 300;

/**
 * What Ctrl-C does: the first time nothing more is begun (`signal`), the second time all ends at once. A command that has
 * nothing to finish ends at the first.
 */
export class Interruption {
  private readonly controller = new AbortController();
  private since = 0;
  private readonly listener = (): void => {
    if (!this.isGentle) return this.onEnd();
    if (!this.isInterrupted) {
      this.since = performance.now();
      this.onStop();
      return this.controller.abort();
    }
    if (performance.now() - this.since > SAME_PRESS) this.onEnd();
  };

  constructor(
    private readonly isGentle: boolean,
    /** Says that what is at work is finished first. */
    private readonly onStop: () => void,
    /** Ends the process. */
    private readonly onEnd: () => void,
  ) {
    for (const name of SIGNALS) process.on(name, this.listener);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get isInterrupted(): boolean {
    return this.signal.aborted;
  }

  release(): void {
    for (const name of SIGNALS) process.off(name, this.listener);
  }
}
