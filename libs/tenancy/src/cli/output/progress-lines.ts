import { Pace } from './pace.js';
import { progressText } from './progress-text.js';
import type { Progress, ProgressStream } from './progress.js';

/** In milliseconds. */
const LEAST_PAUSE = 1_000;

/** A line now and then, where there is no terminal: a log keeps each of them. Every failure has one. */
export class ProgressLines implements Progress {
  private total = 0;
  private failures = 0;
  private pace = new Pace(0);
  private last = 0;

  constructor(
    private readonly stream: ProgressStream,
    private readonly now: () => number = () => performance.now(),
  ) {}

  begin(total: number): void {
    this.total = total;
    this.pace = new Pace(total, this.now);
    this.last = this.now();
  }

  advance(done: number, failure?: string): void {
    this.pace.add(done);
    if (failure !== undefined) {
      this.failures += 1;
      this.stream.write(`${failure}\n`);
    }
    if (this.now() - this.last < LEAST_PAUSE) return;
    this.last = this.now();
    this.stream.write(`${progressText(this.pace, this.total, this.failures)}\n`);
  }

  say(line: string): void {
    this.stream.write(`${line}\n`);
  }

  end(): void {
    // What came of it is said by whoever began it.
  }
}

/** Nothing but the failures. */
export class FailuresOnly implements Progress {
  constructor(private readonly stream: ProgressStream) {}

  begin(): void {
    // Nothing is shown.
  }

  advance(_done: number, failure?: string): void {
    if (failure !== undefined) this.stream.write(`${failure}\n`);
  }

  say(line: string): void {
    this.stream.write(`${line}\n`);
  }

  end(): void {
    // Nothing was shown.
  }
}
