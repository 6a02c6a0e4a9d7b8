import type { DataSource } from 'typeorm';

interface LoginRole {
  readonly name: string;
  readonly superuser: boolean;
  readonly searchPath: string;
}

// reset_val is what the session began with: neither a statement's own search_path nor the binding of this one shows in it.
const LOGIN_ROLE = `
  SELECT rolname AS name, rolsuper AS superuser,
         (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path') AS "searchPath"
    FROM pg_catalog.pg_roles WHERE rolname = session_user`;

/** What about the role that the service logs in as would let a statement reach around its binding. */
export async function loginRoleWarnings(system: Pick<DataSource, 'query'>): Promise<string[]> {
  const [role] = await system.query<LoginRole[]>(LOGIN_ROLE);
  if (!role) return [];
  const name = `"${role.name.replaceAll('"', '""')}"`;
  const warnings: string[] = [];
  if (role.superuser) {
    warnings.push(
      `The database role ${name} is a superuser: a statement that names another tenant's schema is not refused by the ` +
        'server. Log in as a role that may use only what the service needs: CREATE ROLE … LOGIN NOSUPERUSER.',
    );
  }
  if (!['', '""'].includes(role.searchPath)) {
    warnings.push(
      `The database role ${name} has the search_path ${role.searchPath}: what is not bound to a tenant would read there ` +
        `instead of failing. Mend it with: ALTER ROLE ${name} SET search_path = '';`,
    );
  }
  return warnings;
}
