/** What a proof has counted, and what it has found to be wrong. */
export class Findings {
  counts = {};
  violations = [];
  /** How often each kind of violation was found. */
  kinds = {};

  /** @param awaited the kind of violation that has to be found: a proof goes on until it is, whatever else is wrong */
  constructor(limit = 20, awaited) {
    this.limit = limit;
    this.awaited = awaited;
  }

  count(what, times = 1) {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  violation(kind, text) {
    this.count(kind);
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
    if (this.violations.length < this.limit) this.violations.push(`${kind}: ${text}`);
  }

  /** Whether a violation of this kind is worth to stop at. */
  awaits(kind) {
    return this.awaited === undefined || this.awaited === kind;
  }

  /** Enough is known: a proof may stop. */
  get isFull() {
    return this.awaited === undefined ? this.violations.length >= this.limit : this.awaited in this.kinds;
  }
}
