const MINUTE = 60_000;

/** How many look-ups may find nobody: so many at once, and as many again spread over each minute. */
export class MissBudget {
  private left: number;
  private countedAt: number;

  constructor(
    private readonly perMinute: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.left = perMinute;
    this.countedAt = now();
  }

  get isSpent(): boolean {
    this.count();
    return this.left < 1;
  }

  /** Takes one, before it is known whether somebody is found. Answers whether there was one. */
  take(): boolean {
    if (this.isSpent) return false;
    this.left -= 1;
    return true;
  }

  /** Somebody was found: that cost nothing. */
  giveBack(): void {
    this.left = Math.min(this.perMinute, this.left + 1);
  }

  /** How long until there is one again, in milliseconds. */
  get remaining(): number {
    return this.isSpent ? ((1 - this.left) * MINUTE) / this.perMinute : 0;
  }

  private count(): void {
    const now = this.now();
    this.left = Math.min(this.perMinute, this.left + ((now - this.countedAt) * this.perMinute) / MINUTE);
    this.countedAt = now;
  }
}
