import { QueryFailedError } from 'typeorm';
import { TenantChangeRefusedError, TenantSchemaError } from '../../tenancy.errors.js';
import type { TenantStatus } from '../../tenants/tenant.js';

export function tenantExists(id: string, status: TenantStatus): TenantChangeRefusedError {
  const what = status === 'archived' ? 'is archived: restore it, or drop it first' : 'is there already';
  return new TenantChangeRefusedError(id, 'TENANT_EXISTS', `The tenant "${id}" ${what}.`);
}

export function idReserved(id: string): TenantChangeRefusedError {
  return new TenantChangeRefusedError(id, 'TENANT_ID_RESERVED', `The id "${id}" is reserved. Choose another one.`);
}

export function schemaTaken(id: string, schema: string, cause?: unknown): TenantChangeRefusedError {
  return new TenantChangeRefusedError(
    id,
    'SCHEMA_TAKEN',
    `The database has a schema "${schema}" that is not this tenant's. Nobody may inherit what is in it: ` +
      'drop or rename it, or choose another id.',
    { cause },
  );
}

export function begunElsewhere(id: string, database: string | null): TenantChangeRefusedError {
  return new TenantChangeRefusedError(
    id,
    'TENANT_MOVED',
    `The creation of tenant "${id}" was begun on the database server ${database ?? 'default'}. Finish it there, or drop it first.`,
  );
}

export function notReady(id: string, status: TenantStatus): TenantChangeRefusedError {
  const what = status === 'archived' ? 'Restore it first.' : 'Repeat the request that creates it.';
  return new TenantChangeRefusedError(
    id,
    'TENANT_NOT_READY',
    `The tenant "${id}" is ${status}; only an active or suspended one can be changed. ${what}`,
  );
}

export function statusConflict(id: string, status: string, action: string): TenantChangeRefusedError {
  return new TenantChangeRefusedError(
    id,
    'TENANT_STATUS_CONFLICT',
    `The tenant "${id}" is ${status}; it cannot be ${action}.`,
  );
}

export function confirmationRequired(id: string): TenantChangeRefusedError {
  return new TenantChangeRefusedError(
    id,
    'CONFIRMATION_REQUIRED',
    `This drops the schema of tenant "${id}" and all its data. If that is meant, confirm it with the id once more.`,
  );
}

export function notArchived(id: string, status: TenantStatus): TenantChangeRefusedError {
  return new TenantChangeRefusedError(
    id,
    'TENANT_NOT_ARCHIVED',
    `The tenant "${id}" is ${status}. Archive it first; it can be dropped when its time of grace is over, or at once with erase.`,
  );
}

export function dropNotDue(id: string, dropAfter: Date | null): TenantChangeRefusedError {
  const when = dropAfter ? `not before ${dropAfter.toISOString()}` : 'not yet';
  return new TenantChangeRefusedError(
    id,
    'TENANT_DROP_NOT_DUE',
    `The tenant "${id}" is archived and may be dropped ${when}, or at once with erase.`,
  );
}

interface DatabaseError {
  readonly code?: string;
  readonly constraint?: string;
  readonly detail?: string;
}

/** What a refusal of the database means; any other error as it is. */
export function refusalOf(id: string, error: unknown): unknown {
  if (error instanceof TenantSchemaError) return schemaTaken(id, error.schema, error);
  if (!(error instanceof QueryFailedError)) return error;
  const { code, constraint = '', detail = '' } = error.driverError as DatabaseError;
  if (code === '40P01') {
    const message = 'Two changes wanted the same at once, and this one gave way. Repeat it.';
    return new TenantChangeRefusedError(id, 'CONFLICT', message, { cause: error });
  }
  if (code !== '23505') return error;
  if (constraint.includes('domain')) {
    const domain = /=\((.+)\)/.exec(detail)?.[1] ?? '';
    const message = `The domain ${domain} belongs to another tenant. Take it from that one first.`;
    return new TenantChangeRefusedError(id, 'DOMAIN_TAKEN', message, { cause: error });
  }
  if (!constraint.includes('schema')) return error;
  const message = 'Another tenant has the schema of this id. Choose another id.';
  return new TenantChangeRefusedError(id, 'SCHEMA_TAKEN', message, { cause: error });
}
