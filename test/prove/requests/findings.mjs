/** What a proof has counted, and what it has found to be wrong. */
export class Findings {
  counts = {};
  violations = [];

  constructor(limit = 20) {
    this.limit = limit;
  }

  count(what, times = 1) {
    this.counts[what] = (this.counts[what] ?? 0) + times;
  }

  violation(kind, text) {
    this.count(kind);
    if (this.violations.length < this.limit) this.violations.push(`${kind}: ${text}`);
  }

  /** Enough is known: a proof may stop. */
  get isFull() {
    return this.violations.length >= this.limit;
  }
}
