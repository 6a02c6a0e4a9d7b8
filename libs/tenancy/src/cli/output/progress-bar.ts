import { stripVTControlCharacters } from 'node:util';
import { Pace } from './pace.js';
import { progressText } from './progress-text.js';
import type { Progress, ProgressStream } from './progress.js';

const WIDTH = 24;
/** In milliseconds. */
const REDRAW = 100;
const CLEAR_LINE = '\r\u001B[K';

/** A bar on a terminal, below the failures. */
export class ProgressBar implements Progress {
  private total = 0;
  private failures = 0;
  private pace = new Pace(0);
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: ProgressStream,
    private readonly paint: (failure: string) => string = (failure) => failure,
  ) {}

  begin(total: number): void {
    this.total = total;
    this.pace = new Pace(total);
    if (total === 0) return;
    this.draw();
    // The time left goes on while nobody finishes.
    this.timer = setInterval(() => this.draw(), REDRAW);
    this.timer.unref();
  }

  advance(done: number, failure?: string): void {
    this.pace.add(done);
    if (failure === undefined) return;
    this.failures += 1;
    this.say(this.paint(failure));
  }

  say(line: string): void {
    this.stream.write(this.timer ? `${CLEAR_LINE}${line}\n` : `${line}\n`);
    if (this.timer) this.draw();
  }

  end(): void {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.draw();
    this.stream.write('\n');
  }

  private draw(): void {
    const filled = Math.floor((this.pace.done / this.total) * WIDTH);
    const bar = `[${'='.repeat(filled)}${' '.repeat(WIDTH - filled)}]`;
    const text = `${bar} ${progressText(this.pace, this.total, this.failures)}`;
    // One that is wider than the terminal would leave a part of itself behind at each redraw.
    const fitting = stripVTControlCharacters(text).slice(0, (this.stream.columns || 80) - 1);
    this.stream.write(CLEAR_LINE + fitting);
  }
}
