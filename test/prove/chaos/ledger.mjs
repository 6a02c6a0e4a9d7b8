/** What the database said of each insert, to be compared with what it holds in the end. */
export class Ledger {
  acknowledged = new Set();
  takenBack = new Set();
  #next = 0;

  /** A new key; it tells the tenant. */
  keyFor(tenant) {
    this.#next += 1;
    return `${tenant.id} ${this.#next}`;
  }

  /** What was acknowledged and is not there, was taken back and is there, or is another tenant's. */
  compare(storedEntries) {
    const stored = new Set();
    let foreign = 0;
    for (const [tenantId, entries] of storedEntries) {
      for (const { key, owner } of entries) {
        stored.add(key);
        if (owner !== tenantId || !key.startsWith(`${tenantId} `)) foreign += 1;
      }
    }
    return {
      committed: this.acknowledged.size,
      lost: count(this.acknowledged, (key) => !stored.has(key)),
      revived: count(this.takenBack, (key) => stored.has(key)),
      foreign,
    };
  }
}

function count(keys, test) {
  return [...keys].filter(test).length;
}
