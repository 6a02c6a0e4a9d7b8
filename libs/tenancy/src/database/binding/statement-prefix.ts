import { serialize } from 'pg-protocol';
import pg from 'pg';
import type { PgConnection } from './pg-internals.js';

const NAME = 'nestjs_tenancy_bind';
const EXECUTE = bytes(serialize.execute({ portal: '', rows: 0 }));

/** What a transaction is told before its first statement: the name of a setting of PostgreSQL, and its value. */
export type LocalSetting = readonly [name: 'search_path' | 'role' | 'statement_timeout', value: string];

/** What binds a statement to its tenant: the same for all statements of a tenant, so it is made once. */
export class BindingMessages {
  /** For a simple query. All its statements, up to a COMMIT among them, are one implicit transaction. */
  readonly sql: string;
  /** How many statements that is. */
  readonly sqlAnswers: number;
  readonly unnamed: Buffer;
  /** Of a statement that the connection has prepared. */
  readonly prepared: Buffer;
  /** The same, which prepares it first. */
  readonly preparing: Buffer;

  constructor(settings: readonly LocalSetting[]) {
    const names = settings.map(([name]) => name);
    const values = settings.map(([, value]) => value);
    this.sql = settings.map(([name, value]) => `SET LOCAL ${name} TO ${asSql(name, value)}; `).join('');
    this.sqlAnswers = settings.length;
    this.unnamed = Buffer.concat([parse('', names), bind('', values), EXECUTE]);
    this.prepared = Buffer.concat([bind(NAME, values), EXECUTE]);
    this.preparing = Buffer.concat([parse(NAME, names), this.prepared]);
  }
}

/**
 * What goes before a statement, in the same message group: the settings of its tenant, until the end of the transaction,
 * and the BEGIN that was held back for it.
 */
export class StatementPrefix {
  constructor(
    private readonly binding: BindingMessages,
    /** Asked for once they are sent: the first ones prepare what the next ones use. */
    private readonly messages: () => Buffer,
    private readonly begin?: string,
  ) {}

  /** How many of the server's answers are the prefix's own, for the extended protocol. */
  get answers(): number {
    return this.begin === undefined ? 1 : 2;
  }

  /** The same for a simple query. */
  get sqlAnswers(): number {
    return this.binding.sqlAnswers;
  }

  /** Whether a transaction begins with it. */
  get begins(): boolean {
    return this.begin !== undefined;
  }

  /**
   * For a simple query. A BEGIN is not in it: such a text is parsed whole before any of it runs, and an error in the
   * statement would take the BEGIN along.
   */
  get sql(): string {
    return this.binding.sql;
  }

  /** For the extended protocol: what is executed before the next Sync is one implicit transaction. */
  send(connection: PgConnection): void {
    const { begin } = this;
    const messages = this.messages();
    connection.stream.write(begin === undefined ? messages : Buffer.concat([beginMessages(begin), messages]));
  }
}

function beginMessages(begin: string): Buffer {
  return Buffer.concat([bytes(serialize.parse({ text: begin, name: '', types: [] })), bind('', []), EXECUTE]);
}

function parse(statement: string, names: readonly string[]): Buffer {
  const calls = names.map((name, at) => `pg_catalog.set_config('${name}', $${at + 1}, true)`);
  return bytes(serialize.parse({ text: `SELECT ${calls.join(', ')}`, name: statement, types: [] }));
}

function bind(statement: string, values: string[]): Buffer {
  return bytes(serialize.bind({ portal: '', statement, values, valueMapper: (value: string) => value }));
}

/** A search_path is a list of names that are quoted already; a role is one name, a timeout a number. */
function asSql(name: LocalSetting[0], value: string): string {
  return name === 'search_path' ? value : pg.escapeLiteral(value);
}

/** A copy: what the serializer hands out is written over by the next message. */
function bytes(message: Uint8Array): Buffer {
  return Buffer.from(message);
}
