import pg from 'pg';
import { serialize } from 'pg-protocol';

const NAME = 'nestjs_tenancy_bind';
const EXECUTE = serialize.execute({ portal: '', rows: 0 });

/**
 * What a transaction is told before its first statement: the name of a setting of PostgreSQL, and its value; `null` for what
 * the session began with.
 */
export type LocalSetting = readonly [name: 'search_path' | 'role' | 'statement_timeout', value: string | null];

/** What binds a statement to its tenant: the same for all statements of a tenant, so it is made once. */
export class BindingMessages {
  private namedBytes?: Buffer;
  private unnamedBytes?: Buffer;

  constructor(private readonly settings: readonly LocalSetting[]) {}

  /**
   * For a simple query: all its statements, up to a COMMIT among them, are one implicit transaction. A BEGIN is not among
   * them: such a text is parsed whole before any of it runs, and an error in the statement would take the BEGIN along.
   */
  get sql(): string {
    return this.settings.map(([name, value]) => `SET LOCAL ${name} TO ${asSql(name, value)}; `).join('');
  }

  /** How many statements that is. */
  get sqlAnswers(): number {
    return this.settings.length;
  }

  /** For the extended protocol: what is executed before the next Sync is one implicit transaction. */
  get unnamed(): Buffer {
    return (this.unnamedBytes ??= Buffer.concat([this.parse(''), this.bind('')]));
  }

  /** The same, of a statement that the connection has prepared. */
  get prepared(): Buffer {
    return (this.namedBytes ??= this.bind(NAME));
  }

  /** The same, which prepares it first, whether or not the server has one of that name. */
  get preparing(): Buffer {
    return Buffer.concat([serialize.close({ type: 'S', name: NAME }), this.parse(NAME), this.prepared]);
  }

  private parse(statement: string): Buffer {
    // A filter that nothing passes: to answer with the values would cost the server more than to set them.
    const calls = this.settings.map(([name], at) => `pg_catalog.set_config('${name}', $${at + 1}, true) IS NULL`);
    return serialize.parse({ text: `SELECT WHERE ${calls.join(' OR ')}`, name: statement, types: [] });
  }

  private bind(statement: string): Buffer {
    return executed(
      statement,
      this.settings.map(([, value]) => value),
    );
  }
}

/**
 * What goes before a statement, in the same message group: the settings of its tenant, until the end of the transaction,
 * and the BEGIN that was held back for it.
 */
export interface StatementPrefix {
  readonly messages: BindingMessages;
  readonly begin: string | undefined;
}

/** The messages of a BEGIN that travels with its first statement. */
export function beginMessages(begin: string): Buffer {
  return Buffer.concat([serialize.parse({ text: begin, name: '', types: [] }), executed('', [])]);
}

/** Fails where a schema is not there: what is created without naming one would be temporary then. */
export function existsSql(schema: string): string {
  return `SELECT ${pg.escapeLiteral(pg.escapeIdentifier(schema))}::pg_catalog.regnamespace; `;
}

export function existsMessages(schema: string): Buffer {
  return Buffer.concat([serialize.parse({ text: existsSql(schema), name: '', types: [] }), executed('', [])]);
}

function executed(statement: string, values: Array<string | null>): Buffer {
  const bind = serialize.bind({ portal: '', statement, values, valueMapper: (value: string | null) => value });
  return Buffer.concat([bind, EXECUTE]);
}

/** A search_path is a list of names that are quoted already; a role is one name, a timeout a number. */
function asSql(name: LocalSetting[0], value: string | null): string {
  if (value === null) return 'DEFAULT';
  return name === 'search_path' ? value : pg.escapeLiteral(value);
}
