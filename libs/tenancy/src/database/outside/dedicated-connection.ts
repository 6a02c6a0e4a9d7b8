import pg from 'pg';
import { UnsupportedStatementError } from '../../tenancy.errors.js';
import type { PgClientState } from '../binding/pg-internals.js';
import type { LocalSetting } from '../binding/statement-prefix.js';

const STRAIGHT =
  'This needs a connection straight to PostgreSQL, whose session keeps what it began with. Behind a pooler, run it where ' +
  '`database.url` leads to the server itself.';

/** pg's reading of its options, which a connection string and the environment have their say in. */
interface ConnectionParameters {
  options?: string;
  statement_timeout?: unknown;
  query_timeout?: unknown;
}

/** A connection that is told with its first message what binds others statement by statement, and has no time limits. */
export class DedicatedConnection {
  private readonly client: pg.Client;
  private readonly settings: ReadonlyArray<readonly [name: string, value: string]>;
  /** Statements take turns: what is looked at before one must hold when it runs. */
  private turn: Promise<unknown> = Promise.resolve();
  private isOver = false;

  constructor(options: pg.ClientConfig, settings: readonly LocalSetting[]) {
    // What is left as the session began with it needs no word.
    this.settings = settings.flatMap(([name, value]) =>
      value === null || name === 'statement_timeout' ? [] : [[name, value] as const],
    );
    this.client = new pg.Client(options);
    // Who waits for a statement is told; without a listener a lost server would end the process.
    this.client.on('error', () => undefined);
    const { connectionParameters } = this.client as unknown as { connectionParameters: ConnectionParameters };
    const own = connectionParameters.options ? [connectionParameters.options] : [];
    const told = [['statement_timeout', '0'], ...this.settings].map(([name, value]) => `-c ${name}=${escaped(value)}`);
    Object.assign(connectionParameters, {
      options: [...own, ...told].join(' '),
      statement_timeout: false,
      query_timeout: false,
    });
  }

  async open(): Promise<void> {
    try {
      await this.client.connect();
    } catch (error) {
      // What a pooler says to options that it does not pass on.
      if ((error as { code?: string }).code !== '08P01') throw error;
      throw new UnsupportedStatementError(`${(error as Error).message}. ${STRAIGHT}`, { cause: error });
    }
    await this.assertOwn(STRAIGHT);
  }

  async query<Row extends pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]> {
    const turn = this.turn.then(async () => {
      if (this.isOver) throw new UnsupportedStatementError('The work is over, and its connection closed.');
      await this.assertOwn('A statement of this work has changed it.');
      return (await this.client.query<Row>(sql, values)).rows;
    });
    this.turn = turn.catch(() => undefined);
    return turn;
  }

  /** What was begun and not ended is rolled back with the connection, and nobody would know. */
  assertNoTransaction(): void {
    if ((this.client as unknown as PgClientState).getTransactionStatus() === 'I') return;
    throw new UnsupportedStatementError('The work left a transaction open; nothing of it was stored. Use session().');
  }

  async close(): Promise<void> {
    this.isOver = true;
    await this.client.end();
  }

  /** Makes sure that the session is the one that was opened, and still is what it was opened as. */
  private async assertOwn(mend: string): Promise<void> {
    const names = this.settings.map(([name]) => `pg_catalog.current_setting('${name}')`);
    const text = `SELECT pg_catalog.pg_backend_pid(), ${names.join(', ')}`;
    const { rows } = await this.client.query<[pid: number, ...values: string[]]>({ text, rowMode: 'array' });
    const [pid, ...values] = rows[0];
    if (pid !== (this.client as unknown as PgClientState).processID) {
      throw new UnsupportedStatementError(`The session is not the one that was opened. ${STRAIGHT}`);
    }
    for (const [at, [name, value]] of this.settings.entries()) {
      if (unquoted(values[at]) === unquoted(value)) continue;
      throw new UnsupportedStatementError(`The ${name} is ${values[at]} and was opened as ${value}. ${mend}`);
    }
  }
}

/** In the options that a session is opened with a blank ends a value. */
function escaped(value: string): string {
  return value.replaceAll(/[\\\s]/g, '\\$&');
}

/** PostgreSQL leaves out quotes that a path does not need. */
function unquoted(value: string): string {
  return value.replaceAll('"', '');
}
