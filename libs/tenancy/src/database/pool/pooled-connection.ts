import type { BoundClient } from '../binding/bound-client.js';

/** A connection of the pool, and what the pool knows of it. */
export class PooledConnection {
  readonly openedAt = performance.now();
  /** Since when nobody has it; `undefined` while somebody has. */
  idleSince: number | undefined;
  uses = 0;
  /** The schemas it has worked in. The server process keeps what it knows of each until it ends. */
  readonly schemas = new Set<string>();

  constructor(
    readonly client: BoundClient,
    /** Its place in the pool, by which tenants find it again. */
    readonly slot: number,
  ) {}

  /** Lets the process end while it is open. */
  unref(): void {
    (this.client as unknown as { unref(): void }).unref();
  }

  ref(): void {
    (this.client as unknown as { ref(): void }).ref();
  }
}
