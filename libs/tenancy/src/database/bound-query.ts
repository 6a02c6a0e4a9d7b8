import { TransactionAbortedError, UnsupportedStatementError } from '../tenancy.errors.js';
import type { PgConnection, PgMessage, PgSubmittable } from './pg-internals.js';
import { PgQueryBase } from './pg-internals.js';
import type { StatementPrefix } from './statement-prefix.js';
import { chains, isCommit } from './transaction-control.js';

/** What a statement that is sent now must carry; `undefined` inside a transaction, which carries it already. */
export type PrefixNow = () => StatementPrefix | undefined;

/**
 * A statement that takes its tenant along. What it must carry is decided when it is sent, not when it is asked for:
 * only then is it certain whether a transaction is open.
 *
 * What it carries goes before its own messages, and one Sync ends both: one round trip, one implicit transaction, and
 * nothing of it is left. Without parameters both stand in one simple query, which is one implicit transaction too.
 */
export class BoundQuery extends PgQueryBase {
  private answersToSkip = 0;
  private prefixLength = 0;
  private prefix: StatementPrefix | undefined;
  private readonly isCommit: boolean;

  constructor(
    private readonly prefixNow: PrefixNow,
    config: string | { text: string; name?: string; values?: unknown },
    values: unknown,
    callback: ((error: Error | null, result?: unknown) => void) | undefined,
  ) {
    // A named statement would be planned once for all tenants and then planned again at every change of tenant.
    super(typeof config === 'string' ? config : { ...config, name: undefined }, values, callback);
    this.isCommit = isCommit(this.text);
    if (chains(this.text)) {
      throw new UnsupportedStatementError('AND CHAIN opens a transaction that is bound to no tenant. Begin a new one.');
    }
  }

  override submit(connection: PgConnection): Error | null | void {
    this.prefix = this.prefixNow();
    if (this.prefix) {
      this.answersToSkip = this.prefix.answers;
      if (!this.requiresPreparation()) {
        const { sql } = this.prefix;
        this.prefixLength = sql.length;
        this.text = sql + this.text;
      }
    }
    return super.submit(connection);
  }

  override prepare(connection: PgConnection): void {
    this.prefix?.send(connection);
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

/** Gives a cursor or a stream the same prefix as a statement; from then on it reads in that transaction. */
export function bindSubmittable(submittable: PgSubmittable, prefixNow: PrefixNow): void {
  const { submit, handleDataRow, handleCommandComplete } = submittable;
  submittable.submit = (connection) => {
    const prefix = prefixNow();
    if (prefix) {
      // The first row and the first completions are the prefix's; then the submittable has its own handlers again.
      let answersToSkip = prefix.answers;
      submittable.handleDataRow = () => undefined;
      submittable.handleCommandComplete = () => {
        answersToSkip -= 1;
        if (answersToSkip === 0) Object.assign(submittable, { handleDataRow, handleCommandComplete });
      };
      prefix.send(connection);
    }
    return submit.call(submittable, connection);
  };
}
