import type { BoundClient } from '../binding/bound-client.js';
import type { PgClientState } from '../binding/pg-internals.js';

/** How long the server may take to answer a goodbye, in milliseconds. */
const PATIENCE_MS = 1_000;

/** A connection of the pool, and what the pool knows of it. */
export class PooledConnection {
  readonly openedAt = performance.now();
  /** Since when nobody has it; `undefined` while somebody has. */
  idleSince: number | undefined;
  /** How often it was handed out. */
  uses = 0;
  private usedSince = 0;
  private sentBefore = 0;
  /** The schemas it has worked in, and its last use for each. The server process keeps what it knows of each until it ends. */
  private readonly lastUses = new Map<string, number>();

  constructor(
    readonly client: BoundClient,
    /** Its place in the pool, by which tenants find it again. */
    readonly slot: number,
  ) {}

  get schemaCount(): number {
    return this.lastUses.size;
  }

  /** It is handed out, to somebody of this schema. */
  useFor(schema: string): void {
    this.uses += 1;
    this.lastUses.set(schema, this.uses);
    this.usedSince = performance.now();
    this.sentBefore = this.client.statementCount;
  }

  /** How long its last user has had it for each statement, in milliseconds; `undefined` where there was none. */
  get durationOfStatements(): number | undefined {
    const count = this.client.statementCount - this.sentBefore;
    return count > 0 ? (performance.now() - this.usedSince) / count : undefined;
  }

  /** After how many others it comes back to a schema: 1 for the one that had it last; `Infinity` for one it has not met. */
  distanceTo(schema: string): number {
    return this.uses + 1 - (this.lastUses.get(schema) ?? -Infinity);
  }

  /** Lets the process end while it is open. */
  unref(): void {
    (this.client as unknown as { unref(): void }).unref();
  }

  ref(): void {
    (this.client as unknown as { ref(): void }).ref();
  }

  /** Closes it. A server that does not answer any more cannot keep the process from ending. */
  end(callback: () => void): void {
    const { stream } = (this.client as unknown as PgClientState).connection;
    const timer = setTimeout(() => stream.destroy(), PATIENCE_MS).unref();
    this.client.end(() => {
      clearTimeout(timer);
      callback();
    });
  }
}
