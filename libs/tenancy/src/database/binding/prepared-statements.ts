import type pg from 'pg';
import { serialize } from 'pg-protocol';

/** A statement that a connection keeps under a name. */
export interface PreparedStatement {
  readonly name: string;
  /** Whether the server has it. */
  isParsed: boolean;
  /** Its columns, once the server told: it need not tell again. */
  fields?: pg.FieldDef[];
}

const PREFIX = 'nestjs_tenancy_';

/**
 * The statements that one connection keeps prepared: one name for each statement of each tenant, since PostgreSQL plans a
 * statement anew whenever it meets another search_path. It holds the most recently used ones; what comes a first time is only
 * noted.
 */
export class PreparedStatements {
  // The least recently used one first. `undefined`: seen once.
  private readonly statements = new Map<string, PreparedStatement | undefined>();
  private readonly closing: Buffer[] = [];
  private count = 0;

  constructor(private readonly max: number) {}

  /** The statement of this key; `undefined` where it is not worth a name yet. */
  use(key: string): PreparedStatement | undefined {
    const { statements } = this;
    const isKnown = statements.has(key);
    const found = statements.get(key) ?? (isKnown ? this.make() : undefined);
    statements.delete(key);
    statements.set(key, found);
    if (!isKnown && statements.size > this.max) this.dropOldest();
    return found;
  }

  /** Forgets one that the server refused. */
  drop(statement: PreparedStatement): void {
    for (const [key, one] of this.statements) {
      if (one === statement) this.statements.delete(key);
    }
    this.closing.push(closeMessage(statement));
  }

  /** Forgets all of them: the server has none any more. */
  clear(): void {
    this.statements.clear();
    this.closing.length = 0;
  }

  /** The messages that let the server forget what was dropped since the last time. */
  takeClosing(): Buffer | undefined {
    return this.closing.length === 0 ? undefined : Buffer.concat(this.closing.splice(0));
  }

  private make(): PreparedStatement {
    this.count += 1;
    return { name: `${PREFIX}${this.count}`, isParsed: false };
  }

  private dropOldest(): void {
    const [key, statement] = this.statements.entries().next().value!;
    this.statements.delete(key);
    if (statement?.isParsed) this.closing.push(closeMessage(statement));
  }
}

function closeMessage({ name }: PreparedStatement): Buffer {
  return Buffer.from(serialize.close({ type: 'S', name }));
}
