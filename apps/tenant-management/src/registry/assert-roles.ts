import type { DataSource } from 'typeorm';

/** Throws where a role that tenants' tables are to be granted to is not there: the first tenant could not be created. */
export async function assertRoles(system: Pick<DataSource, 'query'>, roles: readonly string[]): Promise<void> {
  const found = await system.query<Array<{ rolname: string }>>(
    'SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)',
    [roles],
  );
  const missing = roles.filter((role) => !found.some(({ rolname }) => rolname === role));
  if (missing.length === 0) return;
  throw new Error(
    `TENANT_ROLES names roles that the database does not have: ${missing.join(', ')}. Create them first.`,
  );
}
