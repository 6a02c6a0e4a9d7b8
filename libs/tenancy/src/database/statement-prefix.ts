import type { PgConnection } from './pg-internals.js';

const SET_SEARCH_PATH = "SELECT set_config('search_path', $1, true)";

/**
 * What goes before a statement, in the same message group: the tenant's search_path, until the end of the transaction,
 * and the BEGIN that was held back for it.
 */
export class StatementPrefix {
  constructor(
    private readonly searchPath: string,
    private readonly begin?: string,
  ) {}

  /** How many of the server's answers are the prefix's own. */
  get answers(): number {
    return this.begin === undefined ? 1 : 2;
  }

  /** Whether a transaction begins with it. */
  get begins(): boolean {
    return this.begin !== undefined;
  }

  /**
   * For a simple query: all its statements, up to a COMMIT among them, are one implicit transaction. A BEGIN is not among
   * them: such a text is parsed whole before any of it runs, and an error in the statement would take the BEGIN along.
   */
  get sql(): string {
    return `SET LOCAL search_path TO ${this.searchPath}; `;
  }

  /** For the extended protocol: what is executed before the next Sync is one implicit transaction. */
  send(connection: PgConnection): void {
    if (this.begin !== undefined) execute(connection, this.begin, []);
    execute(connection, SET_SEARCH_PATH, [this.searchPath]);
  }
}

function execute(connection: PgConnection, text: string, values: string[]): void {
  connection.parse({ text, name: '', types: [] });
  connection.bind({ portal: '', statement: '', values, valueMapper: (value) => value });
  connection.execute({ portal: '', rows: 0 });
}
