import type { PooledConnection } from './pooled-connection.js';

/**
 * How many schemas a connection gets to know without a second thought. A server process keeps about 15 KiB for each table
 * that it has touched: with a few hundred tenants there is nothing to save.
 */
const FREE_SCHEMAS = 256;
/**
 * Whom a connection has served within so many uses, it serves again without a second thought: a busy tenant is not kept to
 * its home. What it has met longer ago counts for nothing: in time it has met everybody, and each of those who come by
 * again would find that the server's caches, and what it keeps prepared, have gone to others.
 */
const LATELY = 100;
/**
 * Where a statement takes longer than this, in milliseconds, over a network or in the server, cold caches cost little beside
 * it, and a connection that waits for somebody it knows better is time lost.
 */
const SLOW_MS = 1.5;
/** How much a statement counts in the average of how long they take. */
const WEIGHT = 0.02;

/** How well a connection suits a tenant: the higher, the better. */
const HOME = 3;
const KNOWN = 2;
const FREE = 1;
/** Only after a short wait for a better one. */
const STRANGE = 0;

/**
 * Which connection suits a tenant. A server process that meets a schema for the first time reads its catalog, which costs
 * milliseconds, and keeps it, which costs memory; and the fewer it serves in turn, the more of what it needs is still in the
 * processor's caches. So each tenant is at home on one connection and comes back to it where it can.
 */
export class Affinity {
  /** How long statements take, as their users see it, in milliseconds. */
  private duration = 0;

  constructor(
    private readonly max: number,
    private readonly isOn: boolean,
  ) {}

  /** Is told how long statements took that a connection has just sent, in milliseconds. */
  learn(duration: number): void {
    this.duration += WEIGHT * (duration - this.duration);
  }

  /** How well a connection suits a tenant; 0 where it takes him only after a short wait for a better one. */
  fit(connection: PooledConnection, schema: string): number {
    if (!this.isOn) return FREE;
    if (connection.slot === this.homeOf(schema)) return HOME;
    const distance = connection.distanceTo(schema);
    if (distance <= LATELY || (distance < Infinity && this.duration > SLOW_MS)) return KNOWN;
    return connection.schemaCount < FREE_SCHEMAS ? FREE : STRANGE;
  }

  /** The idle connection that suits a tenant best; of those that suit him alike, the one that was used last. */
  choose(idle: readonly PooledConnection[], schema: string): PooledConnection | undefined {
    if (!this.isOn) return idle.at(-1);
    let best: PooledConnection | undefined;
    let bestFit = STRANGE;
    for (let at = idle.length - 1; at >= 0 && bestFit < HOME; at -= 1) {
      const fit = this.fit(idle[at], schema);
      if (fit <= bestFit) continue;
      best = idle[at];
      bestFit = fit;
    }
    return best;
  }

  /** Where to open a connection for a tenant: at home, else in any free place. */
  slotFor(schema: string, taken: ReadonlySet<number>): number {
    const home = this.homeOf(schema);
    if (this.isOn && !taken.has(home)) return home;
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return slot;
  }

  private homeOf(schema: string): number {
    return hashOf(schema) % this.max;
  }
}

/** FNV-1a, with its bits mixed once more: ids that differ in one letter must not have the same home. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
}
