import { TenantChangeRefusedError, TenantNotFoundError } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';

const BAD_REQUESTS: ReadonlySet<string> = new Set([
  'CONFIRMATION_REQUIRED',
  'DATABASE_UNKNOWN',
  'TENANT_ID_RESERVED',
  'VALIDATION_FAILED',
]);

export function tenantNotFound(id: string): ProblemException {
  return new ProblemException(404, 'TENANT_NOT_FOUND', `There is no tenant "${id}".`);
}

/** What the library refuses, as the answer of a service whose callers may know every tenant; any other error as it is. */
export function toProblem(error: unknown): unknown {
  if (error instanceof TenantNotFoundError) return tenantNotFound(error.tenantId);
  if (!(error instanceof TenantChangeRefusedError)) return error;
  const { reason, message } = error;
  return new ProblemException(BAD_REQUESTS.has(reason) ? 400 : 409, reason, message);
}

/** The same for a whole piece of work. */
export async function withProblems<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw toProblem(error);
  }
}
