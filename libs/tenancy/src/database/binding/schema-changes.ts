import { BoundedMap } from '../../tenants/bounded-map.js';

// A schema whose changes are forgotten is met again with its old number: a statement that is stale then is refused by the
// server, and prepared anew.
const MAX_SCHEMAS = 10_000;

/** Counts the changes of each schema's tables, so that what was prepared before one is not used after it. */
export class SchemaChanges {
  private readonly counts = new BoundedMap<string, number>(MAX_SCHEMAS);

  note(schema: string): void {
    this.counts.set(schema, this.of(schema) + 1);
  }

  of(schema: string): number {
    return this.counts.get(schema) ?? 0;
  }
}
