import { AsyncResource } from 'node:async_hooks';
import { UnsupportedStatementError } from '../../tenancy.errors.js';
import { mayCommit, mayCommitError } from './may-commit.js';
import type { PgSubmittable } from './pg-internals.js';
import type { StatementSender } from './statement-sender.js';
import type { StatementTraits } from './statement-traits.js';
import type { TenantBinding } from './tenant-binding.js';

/** Throws where a cursor or a stream of rows is given a COPY: pg hands them what only a stream of COPY takes, and the process ends. */
export function assertRows(traits: StatementTraits | undefined): void {
  if (!traits?.isCopy) return;
  throw new UnsupportedStatementError(
    'A cursor, or a stream of rows, reads no COPY. Read the rows of a SELECT, or use pg-copy-streams in a transaction.',
  );
}

/** Gives a cursor or a stream the same prefix as a statement; from then on it reads in that transaction. */
export function bindCursor(
  submittable: PgSubmittable,
  sender: StatementSender,
  binding: TenantBinding,
  traits: StatementTraits | undefined,
): void {
  const { submit, handleCommandComplete } = submittable;
  submittable.submit = (connection) => {
    const prefix = sender.takePrefix(binding);
    if (prefix && prefix.begin === undefined && traits && mayCommit(traits, true)) return mayCommitError();
    if (prefix) {
      // The first completions are the prefix's; then the submittable has its own handler again.
      let answersToSkip = prefix.begin === undefined ? 1 : 2;
      submittable.handleCommandComplete = () => {
        answersToSkip -= 1;
        if (answersToSkip === 0) submittable.handleCommandComplete = handleCommandComplete;
      };
      connection.stream.write(sender.withPrefix(prefix, []));
    }
    return submit.call(submittable, connection);
  };
}

/** Lets a COPY and the like, which takes no prefix, be sent only in a transaction: that binds it. */
export function bindByTransaction(submittable: PgSubmittable, sender: StatementSender): void {
  const { submit } = submittable;
  // The one it was asked for in may have ended until it is its turn.
  submittable.submit = (connection) =>
    sender.isIdle ? outsideTransactionError() : submit.call(submittable, connection);
}

export function outsideTransactionError(): UnsupportedStatementError {
  return new UnsupportedStatementError('COPY and the like are bound by their transaction only. Begin one before.');
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
  endOnce(submittable);
  for (const name of HANDLERS) {
    const handler = members[name];
    if (typeof handler !== 'function') continue;
    members[name] = (...args: unknown[]): unknown =>
      context.runInAsyncScope(handler as (...given: unknown[]) => unknown, submittable, ...args);
  }
}

/**
 * Lets nothing fail that has failed or ended before. pg's own time limit knows neither: it tells a cursor of a second error,
 * and that asks the server for a second end, which whoever has the connection then would take for the end of his statement.
 */
function endOnce(submittable: PgSubmittable): void {
  const { handleError, handleReadyForQuery } = submittable;
  let hasEnded = false;
  submittable.handleError = (error, connection) => {
    if (hasEnded) return;
    hasEnded = true;
    handleError.call(submittable, error, connection);
  };
  submittable.handleReadyForQuery = (connection) => {
    hasEnded = true;
    handleReadyForQuery.call(submittable, connection);
  };
}
