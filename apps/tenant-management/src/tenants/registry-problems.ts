import { TenantSchemaError } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import { QueryFailedError } from 'typeorm';

export function tenantNotFound(id: string): ProblemException {
  return new ProblemException(404, 'TENANT_NOT_FOUND', `There is no tenant "${id}".`);
}

export function tenantExists(id: string, status: string): ProblemException {
  const what = status === 'archived' ? 'is being deleted: repeat the DELETE, then create it' : 'is there already';
  return new ProblemException(409, 'TENANT_EXISTS', `The tenant "${id}" ${what}.`);
}

export function tenantNotReady(id: string, status: string): ProblemException {
  const what = status === 'archived' ? 'It is being deleted.' : 'Repeat the POST that creates it.';
  return new ProblemException(
    409,
    'TENANT_NOT_READY',
    `The tenant "${id}" is ${status}; only an active or suspended one can be changed. ${what}`,
  );
}

export function schemaTaken(schema: string): ProblemException {
  return new ProblemException(
    409,
    'SCHEMA_TAKEN',
    `The database has a schema "${schema}" that is not this tenant's. Nobody may inherit what is in it: ` +
      'drop or rename it, or choose another id.',
  );
}

interface DatabaseError {
  readonly code?: string;
  readonly constraint?: string;
  readonly detail?: string;
}

/** What a refusal of the database means to the client; any other error as it is. */
export function toProblem(error: unknown): unknown {
  if (error instanceof TenantSchemaError) return schemaTaken(error.schema);
  if (!(error instanceof QueryFailedError)) return error;
  const { code, constraint, detail } = error.driverError as DatabaseError;
  if (code === '40P01') {
    return new ProblemException(
      409,
      'CONFLICT',
      'Two changes wanted the same at once, and this one gave way. Repeat it.',
    );
  }
  if (code === '23505' && constraint === 'tenant_domains_pkey') {
    const domain = /=\((.+)\)/.exec(detail ?? '')?.[1];
    return new ProblemException(
      409,
      'DOMAIN_TAKEN',
      `The domain ${domain ?? ''} belongs to another tenant. Take it from that one first.`,
    );
  }
  if (code === '23505' && constraint === 'tenants_schema_key') {
    return new ProblemException(409, 'SCHEMA_TAKEN', 'Another tenant has the schema of this id. Choose another id.');
  }
  return error;
}
