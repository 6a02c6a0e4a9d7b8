import { UnsupportedStatementError } from '../../tenancy.errors.js';
import type { StatementTraits } from './statement-traits.js';

/** Whether a statement could end the transaction that binds it, where none was begun before, and go on unbound. */
export function mayCommit({ needsTransaction, isBlock }: StatementTraits, isExtended: boolean): boolean {
  return needsTransaction || (isBlock && isExtended);
}

export function mayCommitError(): UnsupportedStatementError {
  return new UnsupportedStatementError('A CALL, or this DO, may end the transaction that binds it. Begin one before.');
}
