import { StatementTimeoutError, TenantReadOnlyError } from '../../tenancy.errors.js';
import type { PgSubmittable } from './pg-internals.js';
import type { TenantBinding } from './tenant-binding.js';

/** What the server tells of an error, beyond its message. */
interface ServerError extends Error {
  readonly code?: string;
  /** The function of PostgreSQL that raised it. */
  readonly routine?: string;
}

/** The SQLSTATE of what is refused while a tenant is moved: schemas/moving/move-mark.ts. */
const READ_ONLY = 'TN503';

/** The error of a statement; one that says so where the server cut the statement off, or refused to write. */
export function named(error: ServerError, { tenantId, statementTimeout, onReadOnly }: TenantBinding): Error {
  if (tenantId === undefined) return error;
  if (error.code === READ_ONLY) {
    onReadOnly?.(tenantId);
    return new TenantReadOnlyError(tenantId, { cause: error });
  }
  if (statementTimeout === undefined || !isTimeout(error)) return error;
  return new StatementTimeoutError(tenantId, statementTimeout, { cause: error });
}

/** The same for a cursor or a stream. */
export function nameFailures(submittable: PgSubmittable, binding: TenantBinding): void {
  const { handleError } = submittable;
  submittable.handleError = (error, connection) => handleError.call(submittable, named(error, binding), connection);
}

/**
 * A statement that somebody cancelled has the same code. They differ in the message only, which may be in the server's
 * language; what a function raises with that code comes from elsewhere in the server.
 */
function isTimeout({ code, routine, message }: ServerError): boolean {
  return code === '57014' && routine === 'ProcessInterrupts' && !message.includes('user request');
}
