import { IsolationViolationError } from '../../tenancy.errors.js';
import type { PgConnection, PgTransactionStatus } from './pg-internals.js';

/**
 * Compares what the server says of its search_path with what it was told. PostgreSQL 18 reports every change of it, before
 * it says that it is ready again; older servers report nothing, and nothing is compared.
 */
export class SearchPathReports {
  /** What the transaction that is open, or the statement that runs, was told. */
  expected = '';
  private reported = '';
  /** What the session began with. */
  private initial: string | undefined;

  constructor(
    connection: PgConnection,
    private readonly onContradiction: (violation: IsolationViolationError) => void,
  ) {
    connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
      if (parameterName !== 'search_path') return;
      this.reported = parameterValue;
      if (this.initial !== undefined) return;
      this.initial = parameterValue;
      // Before pg itself hears of it, and hands out the result.
      connection.prependListener('readyForQuery', ({ status }) => this.compare(status));
    });
  }

  private compare(status: PgTransactionStatus): void {
    // A failed transaction has already put back what it had set.
    if (status === 'E') return;
    const expected = status === 'I' ? this.initial! : this.expected;
    if (isSamePath(this.reported, expected)) return;
    this.onContradiction(new IsolationViolationError(expected, this.reported));
  }
}

/** SET writes a path without the quotes that it does not need. */
function isSamePath(one: string, other: string): boolean {
  return one === other || one.replaceAll('"', '') === other.replaceAll('"', '');
}
