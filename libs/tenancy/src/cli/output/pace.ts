interface Sample {
  readonly at: number;
  readonly done: number;
}

/** How far back the rate looks, in milliseconds: canaries are slower than what comes after them. */
const WINDOW = 10_000;

/** How fast it goes, and how long it will take. */
export class Pace {
  private samples: Sample[];

  constructor(
    private readonly total: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.samples = [{ at: now(), done: 0 }];
  }

  add(done: number): void {
    const at = this.now();
    this.samples.push({ at, done });
    const old = this.samples.findLastIndex((sample) => sample.at < at - WINDOW);
    // One from before the window stays, to measure from.
    if (old > 0) this.samples = this.samples.slice(old);
  }

  get done(): number {
    return this.samples.at(-1)!.done;
  }

  /** Tenants in a second; 0 while nobody can tell. */
  get rate(): number {
    const [first, last] = [this.samples[0], this.samples.at(-1)!];
    const passed = this.now() - first.at;
    return passed > 0 ? ((last.done - first.done) * 1_000) / passed : 0;
  }

  /** In milliseconds; `undefined` while nobody can tell. */
  get timeLeft(): number | undefined {
    const { rate } = this;
    return rate > 0 ? ((this.total - this.done) * 1_000) / rate : undefined;
  }
}
