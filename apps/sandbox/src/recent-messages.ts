/** What was caught last, newest first. The oldest goes when there are too many or they are too large together. */
export class RecentMessages<T> {
  private entries: { message: T; size: number }[] = [];

  constructor(
    private readonly limits: { readonly count: number; /** In bytes. */ readonly size: number },
    private readonly sizeOf: (message: T) => number,
  ) {}

  add(message: T): void {
    this.entries.unshift({ message, size: this.sizeOf(message) });
    let total = this.entries.reduce((sum, { size }) => sum + size, 0);
    // The newest stays, whatever its size: what was just sent can always be seen.
    while (this.entries.length > 1 && (this.entries.length > this.limits.count || total > this.limits.size)) {
      total -= this.entries.pop()!.size;
    }
  }

  all(): T[] {
    return this.entries.map(({ message }) => message);
  }

  remove(matches: (message: T) => boolean): void {
    this.entries = this.entries.filter(({ message }) => !matches(message));
  }
}
