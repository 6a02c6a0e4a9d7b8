import pg from 'pg';
import type { DataSource } from 'typeorm';
import { tenantRoleMark, tenantSchemaMark } from '../../tenants/tenant-role.js';

/** What the service means to do with the role that it logs in as. */
export interface LoginRoleUse {
  readonly isolation?: 'schema' | 'role';
  /** Where there are some, the service makes the schemas, and has to own them. */
  readonly migrations?: object;
}

interface LoginRole {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypassesRls: boolean;
  readonly createsRoles: boolean;
  readonly searchPath: string;
  readonly plainStrings: string;
  readonly ownsTenants: boolean;
  readonly inheritsTenants: boolean;
}

// reset_val is what the session began with: neither a statement's own search_path nor the binding of this one shows in it.
const LOGIN_ROLE = `
  SELECT rolname AS name, rolsuper AS superuser, rolbypassrls AS "bypassesRls", rolcreaterole AS "createsRoles",
         (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path') AS "searchPath",
         (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'standard_conforming_strings') AS "plainStrings",
         EXISTS (SELECT FROM pg_catalog.pg_namespace AS schema
                  WHERE pg_catalog.obj_description(schema.oid, 'pg_namespace') LIKE $1
                    AND pg_catalog.pg_has_role(login.oid, nspowner, 'USAGE')) AS "ownsTenants",
         EXISTS (SELECT FROM pg_catalog.pg_roles AS tenant
                  WHERE pg_catalog.shobj_description(tenant.oid, 'pg_authid') LIKE $2
                    AND pg_catalog.pg_has_role(login.oid, tenant.oid, 'USAGE')) AS "inheritsTenants"
    FROM pg_catalog.pg_roles AS login WHERE rolname = session_user`;

/** What about the role that the service logs in as would let a statement reach around its binding. */
export async function loginRoleWarnings(system: Pick<DataSource, 'query'>, use: LoginRoleUse): Promise<string[]> {
  const marks = [tenantSchemaMark('%'), tenantRoleMark('%', '%')];
  const [role] = await system.query<LoginRole[]>(LOGIN_ROLE, marks);
  if (!role) return [];
  const name = pg.escapeIdentifier(role.name);
  return [
    ...(role.superuser ? [superuserWarning(name, use)] : attributeWarnings(name, role, use)),
    ...settingWarnings(name, role),
  ];
}

function superuserWarning(name: string, { isolation }: LoginRoleUse): string {
  const reaches =
    isolation === 'role'
      ? "what leaves a tenant's role, in a function of yours or as the system, may do anything on this server."
      : "a statement that names another tenant's schema is not refused by the server.";
  return (
    `The database role ${name} is a superuser: ${reaches} ` +
    'Log in as a role that may use only what the service needs: CREATE ROLE … LOGIN NOSUPERUSER.'
  );
}

function attributeWarnings(name: string, role: LoginRole, { isolation, migrations = {} }: LoginRoleUse): string[] {
  const warnings: string[] = [];
  if (role.bypassesRls) {
    warnings.push(
      `The database role ${name} goes round every row-level security policy. Mend it with: ALTER ROLE ${name} NOBYPASSRLS;`,
    );
  }
  // Who makes the schemas has to own them, and has all that the tenants' roles have.
  if (isolation !== 'role' || Object.keys(migrations).length > 0) return warnings;
  if (role.createsRoles) {
    warnings.push(
      `The database role ${name} may make roles and give itself those of others, and this service has no migrations that ` +
        `would need it. Mend it with: ALTER ROLE ${name} NOCREATEROLE;`,
    );
  }
  if (role.ownsTenants) {
    warnings.push(
      `The database role ${name} owns tenants' schemas, and this service has no migrations that would need it: what leaves ` +
        "a tenant's role may do anything there. Log in as a role of its own, which the service that makes the schemas names " +
        'in grantTo: CREATE ROLE … LOGIN NOINHERIT.',
    );
  } else if (role.inheritsTenants) {
    warnings.push(
      `The database role ${name} has the rights of tenants without taking on their roles: what leaves a tenant's role has ` +
        `them all at once. Mend it with: ALTER ROLE ${name} NOINHERIT; and from PostgreSQL 16 on, for each tenant: ` +
        `GRANT … TO ${name} WITH INHERIT FALSE, SET TRUE;`,
    );
  }
  return warnings;
}

function settingWarnings(name: string, { searchPath, plainStrings }: LoginRole): string[] {
  const warnings: string[] = [];
  if (!['', '""'].includes(searchPath)) {
    warnings.push(
      `The database role ${name} has the search_path ${searchPath}: what is not bound to a tenant would read there ` +
        `instead of failing. Mend it with: ALTER ROLE ${name} SET search_path = '';`,
    );
  }
  if (plainStrings === 'off') {
    warnings.push(
      'standard_conforming_strings is off: the server reads a backslash in a literal otherwise than this module does, which ' +
        `looks at each statement before it is sent. Mend it with: ALTER ROLE ${name} SET standard_conforming_strings = on;`,
    );
  }
  return warnings;
}
