interface Entry<V> {
  value: V;
  /** Whether it was asked for since it was looked at last for somebody's place. */
  isUsed: boolean;
}

/**
 * A map that forgets an entry that was not used lately when it is full. Who is used is noted, and not moved to another place
 * each time: a look-up is made for each request, room only where somebody new comes.
 */
export class BoundedMap<K, V> {
  private readonly entries = new Map<K, Entry<V>>();

  constructor(private readonly max: number) {}

  get size(): number {
    return this.entries.size;
  }

  get(key: K): V | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined) return undefined;
    entry.isUsed = true;
    return entry.value;
  }

  set(key: K, value: V): void {
    const entry = this.entries.get(key);
    if (entry !== undefined) {
      entry.value = value;
      entry.isUsed = true;
      return;
    }
    if (this.max < 1) return;
    if (this.entries.size >= this.max) this.makeRoom();
    this.entries.set(key, { value, isUsed: false });
  }

  *[Symbol.iterator](): IterableIterator<[K, V]> {
    for (const [key, { value }] of this.entries) yield [key, value];
  }

  delete(key: K): void {
    this.entries.delete(key);
  }

  /** The one that came first goes, or is given a second chance where it was used: it comes last then. */
  private makeRoom(): void {
    for (const [key, entry] of this.entries) {
      this.entries.delete(key);
      if (!entry.isUsed) return;
      entry.isUsed = false;
      this.entries.set(key, entry);
    }
  }
}
