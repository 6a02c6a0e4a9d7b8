/** Lets a bounded number of tasks run at once; the others wait, first come, first served. */
export class Slots {
  private readonly waiting: Array<() => void> = [];
  private free: number;

  constructor(count: number) {
    this.free = count;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free -= 1;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = this.waiting.shift();
      // A slot goes from hand to hand: it is not free in between.
      if (next) next();
      else this.free += 1;
    }
  }
}
