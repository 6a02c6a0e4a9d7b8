import { AsyncResource } from 'node:async_hooks';
import { TransactionAbortedError, UnsupportedStatementError } from '../../tenancy.errors.js';
import type { PgConnection, PgMessage, PgSubmittable } from './pg-internals.js';
import { PgQueryBase } from './pg-internals.js';
import type { StatementPrefix } from './statement-prefix.js';
import type { StatementTraits } from './statement-traits.js';

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

  constructor(
    private readonly prefixNow: PrefixNow,
    private readonly traits: Pick<StatementTraits, 'end' | 'needsTransaction'>,
    config: string | { text: string; name?: string; values?: unknown },
    values: unknown,
    callback: ((error: Error | null, result?: unknown) => void) | undefined,
  ) {
    // A named statement would be planned once for all tenants and then planned again at every change of tenant.
    super(typeof config === 'string' ? config : { ...config, name: undefined }, values, callback);
  }

  override submit(connection: PgConnection): Error | null | void {
    const prefix = this.prefixNow();
    this.prefix = prefix;
    if (prefix) {
      if (this.traits.needsTransaction && !prefix.begins) {
        return new UnsupportedStatementError('CALL may end the transaction that binds it. Begin one before.');
      }
      // Its messages are sent one by one, so that an error in the statement leaves the BEGIN as it is.
      if (prefix.begins) this.queryMode = 'extended';
      this.answersToSkip = prefix.answers;
      if (!this.requiresPreparation()) {
        const { sql } = prefix;
        this.answersToSkip = prefix.sqlAnswers;
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
    if (this.traits.end === 'COMMIT' && message.text === 'ROLLBACK') {
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

const HANDLERS = [
  'handleRowDescription',
  'handleDataRow',
  'handlePortalSuspended',
  'handleCommandComplete',
  'handleEmptyQuery',
  'handleReadyForQuery',
  'handleError',
  'handleCopyInResponse',
  'handleCopyData',
] as const;

/**
 * Lets a cursor or a stream be answered in the context of whoever asked. pg calls it in the context of its socket, which
 * is that of whoever the socket was opened for.
 */
export function keepContext(submittable: PgSubmittable): void {
  const context = new AsyncResource('nestjs-tenancy:cursor');
  const members = submittable as unknown as Record<string, unknown>;
  for (const name of HANDLERS) {
    const handler = members[name];
    if (typeof handler !== 'function') continue;
    members[name] = (...args: unknown[]): unknown =>
      context.runInAsyncScope(handler as (...given: unknown[]) => unknown, submittable, ...args);
  }
}
