import type { QueryRunner } from 'typeorm';
import { TenantSchemaError } from '../tenancy.errors.js';
import { tenantSchemaMark } from '../tenants/tenant-role.js';
import type { Tenant } from '../tenants/tenant.js';

/** Whether a tenant's schema is there. Throws `TenantSchemaError` where one of that name was not made for this tenant. */
export async function hasOwnSchema(tenant: Tenant, runner: QueryRunner): Promise<boolean> {
  const [found] = await runner.manager.query<Array<{ mark: string | null }>>(
    `SELECT obj_description(oid, 'pg_namespace') AS mark FROM pg_catalog.pg_namespace WHERE nspname = $1`,
    [tenant.schema],
  );
  if (!found) return false;
  if (found.mark === tenantSchemaMark(tenant.id)) return true;
  throw foreignSchema(tenant);
}

export function foreignSchema(tenant: Tenant): TenantSchemaError {
  return new TenantSchemaError(
    tenant.schema,
    `The schema ${tenant.schema} is there and was not made for tenant ${tenant.id}. ` +
      'Give the tenant another schema, or drop that one.',
  );
}

export function missingSchema(tenant: Tenant): TenantSchemaError {
  return new TenantSchemaError(tenant.schema, `The schema ${tenant.schema} is not there. Create it first.`);
}
