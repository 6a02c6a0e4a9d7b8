import type { PooledConnection } from './pooled-connection.js';

/**
 * How many schemas a connection gets to know without a second thought. A server process keeps about 15 KiB for each table
 * that it has touched: with a few hundred tenants there is nothing to save.
 */
const FREE_SCHEMAS = 256;
/** How many connections a tenant has at home. */
const HOMES = 2;
/**
 * Whom a connection has served within so many uses, it serves again without a second thought: a busy tenant is not kept to
 * its homes. What it has met longer ago counts for nothing: in time it has met everybody, and each of those who come by
 * again would find that the server's caches, and what it keeps prepared, have gone to others.
 */
const LATELY = 100;

/**
 * Which connection suits a tenant. A server process that meets a schema for the first time reads its catalog, which costs
 * milliseconds, and keeps it, which costs memory. So tenants come back to connections that have served them, and with
 * thousands of them each connection is at home for some.
 */
export class Affinity {
  constructor(
    private readonly max: number,
    private readonly isOn: boolean,
  ) {}

  /** Whether a connection may take a tenant at once, rather than after a short wait for a better one. */
  suits(connection: PooledConnection, schema: string): boolean {
    return (
      !this.isOn ||
      connection.schemaCount < FREE_SCHEMAS ||
      connection.distanceTo(schema) <= LATELY ||
      this.isHome(connection.slot, schema)
    );
  }

  /** The idle connection that suits a tenant best: one that has served it lately, of those the one that was used last. */
  choose(idle: readonly PooledConnection[], schema: string): PooledConnection | undefined {
    const last = idle.at(-1);
    if (!last || !this.isOn) return last;
    let suitable: PooledConnection | undefined;
    for (let at = idle.length - 1; at >= 0; at -= 1) {
      const connection = idle[at];
      if (connection.distanceTo(schema) <= LATELY) return connection;
      if (!suitable && this.suits(connection, schema)) suitable = connection;
    }
    return suitable;
  }

  /** Where to open a connection for a tenant: at home, else in any free place. */
  slotFor(schema: string, taken: ReadonlySet<number>): number {
    const homes = this.isOn ? this.homesOf(schema) : [];
    for (const slot of homes) if (!taken.has(slot)) return slot;
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return slot;
  }

  private isHome(slot: number, schema: string): boolean {
    return this.homesOf(schema).includes(slot);
  }

  private homesOf(schema: string): number[] {
    const { max } = this;
    if (max <= HOMES) return Array.from({ length: max }, (_, slot) => slot);
    const hash = hashOf(schema);
    const first = hash % max;
    return [first, (first + 1 + ((hash >>> 8) % (max - 1))) % max];
  }
}

/** FNV-1a, with its bits mixed once more: ids that differ in one letter must not have the same homes. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
}
