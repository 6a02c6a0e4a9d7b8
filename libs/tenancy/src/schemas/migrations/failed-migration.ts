import { QueryFailedError } from 'typeorm';
import type { TenancyError } from '../../tenancy.errors.js';
import { TenantMigrationError, TenantSchemaError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';

/** Remembers which migration is at work, for the error that ends it. */
export class AtWork {
  migration: string | undefined;
}

/** What a report says of a failure: the tenant, the migration and the server's own code. */
export function failureOf(tenant: Tenant, error: unknown, migration?: string): TenancyError {
  if (error instanceof TenantSchemaError) return error;
  const sqlState = error instanceof QueryFailedError ? (error.driverError as { code?: string }).code : undefined;
  const message = error instanceof Error ? error.message : String(error);
  return new TenantMigrationError(tenant.id, tenant.schema, message, { migration, sqlState, cause: error });
}
