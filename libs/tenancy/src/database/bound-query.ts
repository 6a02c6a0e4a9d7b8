import { TransactionAbortedError, UnsupportedStatementError } from '../tenancy.errors.js';
import type { PgConnection, PgMessage, PgSubmittable } from './pg-internals.js';
import { PgQueryBase } from './pg-internals.js';

const SET_SEARCH_PATH = "SELECT set_config('search_path', $1, true)";
const COMMIT = /^\s*(?:commit|end)\b/i;
const CHAIN = /(?:^|;)\s*(?:commit|end|rollback|abort)\b[^;]*\band\s+chain\b/i;

/** The value of `search_path` that a statement must carry; `undefined` inside a transaction that carries it already. */
export type SearchPathNow = () => string | undefined;

/**
 * A statement that takes its tenant along. What it must carry is decided when it is sent, not when it is asked for:
 * only then is it certain whether a transaction is open.
 *
 * With parameters: parse, bind and execute of `set_config('search_path', …, true)` go before its own messages and one
 * Sync ends both, so that both run in one implicit transaction and nothing of it is left. Without parameters: both
 * stand in one simple query, which is one implicit transaction too.
 */
export class BoundQuery extends PgQueryBase {
  private answersToSkip = 0;
  private prefixLength = 0;
  private searchPath: string | undefined;
  private readonly isCommit: boolean;

  constructor(
    private readonly searchPathNow: SearchPathNow,
    config: string | { text: string; name?: string; values?: unknown },
    values: unknown,
    callback: ((error: Error | null, result?: unknown) => void) | undefined,
  ) {
    // A named statement would be planned once for all tenants and then planned again at every change of tenant.
    super(typeof config === 'string' ? config : { ...config, name: undefined }, values, callback);
    this.isCommit = COMMIT.test(this.text);
    if (CHAIN.test(this.text)) {
      // The chained transaction would begin with the session's own search_path.
      throw new UnsupportedStatementError('AND CHAIN opens a transaction that is bound to no tenant. Begin a new one.');
    }
  }

  override submit(connection: PgConnection): Error | null | void {
    this.searchPath = this.searchPathNow();
    if (this.searchPath !== undefined && !this.requiresPreparation()) {
      const prefix = `SET LOCAL search_path TO ${this.searchPath}; `;
      this.prefixLength = prefix.length;
      this.answersToSkip = 1;
      this.text = prefix + this.text;
    }
    return super.submit(connection);
  }

  override prepare(connection: PgConnection): void {
    if (this.searchPath !== undefined) {
      this.answersToSkip = 1;
      sendSearchPath(connection, this.searchPath);
    }
    super.prepare(connection);
  }

  override handleDataRow(message: PgMessage): void {
    if (this.answersToSkip === 0) super.handleDataRow(message);
  }

  override handleCommandComplete(message: PgMessage, connection: PgConnection): void {
    if (this.answersToSkip > 0) {
      this.answersToSkip -= 1;
      return;
    }
    if (this.isCommit && message.text === 'ROLLBACK') {
      // PostgreSQL ends a failed transaction with ROLLBACK, and reports no error: what was written is gone.
      this.refuseResult(new TransactionAbortedError());
    }
    super.handleCommandComplete(message, connection);
  }

  override handleError(error: Error & { position?: string }, connection: PgConnection): void {
    const position = Number(error.position);
    if (this.prefixLength > 0 && position > this.prefixLength) error.position = String(position - this.prefixLength);
    super.handleError(error, connection);
  }

  private refuseResult(error: Error): void {
    const { callback } = this;
    if (callback) this.callback = () => callback(error);
  }
}

/** Gives a cursor or a stream the same prefix as a statement; from then on it reads in that implicit transaction. */
export function bindSubmittable(submittable: PgSubmittable, searchPathNow: SearchPathNow): void {
  const { submit, handleDataRow, handleCommandComplete } = submittable;
  submittable.submit = (connection) => {
    const searchPath = searchPathNow();
    if (searchPath !== undefined) {
      // The first row and the first completion are the prefix's; then the submittable has its own handlers again.
      submittable.handleDataRow = () => undefined;
      submittable.handleCommandComplete = () => {
        submittable.handleDataRow = handleDataRow;
        submittable.handleCommandComplete = handleCommandComplete;
      };
      sendSearchPath(connection, searchPath);
    }
    return submit.call(submittable, connection);
  };
}

function sendSearchPath(connection: PgConnection, searchPath: string): void {
  connection.parse({ text: SET_SEARCH_PATH, name: '', types: [] });
  connection.bind({ portal: '', statement: '', values: [searchPath], valueMapper: (value) => value });
  connection.execute({ portal: '', rows: 0 });
}
