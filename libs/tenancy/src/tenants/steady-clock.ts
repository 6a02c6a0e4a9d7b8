/**
 * The time, in milliseconds, of a clock that is never put back: where the system's is, it goes on from where it was. Otherwise
 * what was known for a minute would be new once more, and a suspended tenant be served for as long as the clock was put back.
 */
export class SteadyClock {
  private last = 0;
  private lead = 0;

  now(): number {
    const time = Date.now() + this.lead;
    if (time < this.last) this.lead += this.last - time;
    else this.last = time;
    return this.last;
  }

  /** The same moment as the system's clock tells it now, for whoever has a clock of his own. */
  toSystem(time: number): number {
    return time - this.now() + Date.now();
  }

  /** A moment of another clock as this one tells it. Of one that is ahead nothing can be told: it may be long ago. */
  fromSystem(time: number): number | undefined {
    const age = Date.now() - time;
    return age >= 0 ? this.now() - age : undefined;
  }
}
