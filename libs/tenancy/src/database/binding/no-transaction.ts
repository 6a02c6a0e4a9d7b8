const DOOR = 'Run it with TenantDatabase.outsideTransaction().';

// A statement as its outline has it, in lower case.
const NO_TRANSACTION = new RegExp(
  [
    '^vacuum\\b',
    '^create (?:unique )?index concurrently\\b',
    '^drop index concurrently\\b',
    '^reindex\\b.*\\bconcurrently\\b',
    '^reindex (?:\\([^)]*\\) ?)?(?:schema|database|system)\\b',
    '^cluster(?: verbose| ?\\([^)]*\\))?$',
    '^alter table\\b.*\\bdetach partition\\b.*\\bconcurrently\\b',
    '^(?:create|drop) (?:database|tablespace)\\b',
    '^alter system\\b',
    '^(?:commit|rollback) prepared\\b',
  ].join('|'),
);

/** Why a statement cannot be bound that PostgreSQL does not run in a transaction; `undefined` for any other. */
export function noTransactionRefusal(statement: string): string | undefined {
  if (!NO_TRANSACTION.test(statement)) return undefined;
  return `It cannot run in a transaction, which is what binds a statement to its tenant. ${DOOR}`;
}

/** Says so too where only the server knew: in the message of its error. */
export function explainNoTransaction(error: { code?: string; routine?: string; message: string }): void {
  // The code alone is also that of a SET TRANSACTION that comes too late. The text may be in any language.
  if (error.code === '25001' && error.routine === 'PreventInTransactionBlock') error.message += `. ${DOOR}`;
}
