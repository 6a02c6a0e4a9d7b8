import { TenantNotFoundError } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';

export function tenantNotFound(id: string): ProblemException {
  return new ProblemException(404, 'TENANT_NOT_FOUND', `There is no tenant "${id}".`);
}

/** Says who is not there: the callers of this service may know every tenant. What else is refused says so itself. */
export async function sayWhoIsMissing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof TenantNotFoundError ? tenantNotFound(error.tenantId) : error;
  }
}
