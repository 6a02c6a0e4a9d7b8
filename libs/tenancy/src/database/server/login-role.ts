import pg from 'pg';
import type { DataSource } from 'typeorm';
import { tenantRoleMark, tenantSchemaMark } from '../../tenants/tenant-role.js';

/** What the service means to do with the role that it logs in as. */
export interface LoginRoleUse {
  readonly isolation?: 'schema' | 'role';
  /** Where there are some, the service makes the schemas, and has to own them. */
  readonly migrations?: object;
}

/** What about the login role would let a statement reach around its binding. */
export interface LoginRoleFault {
  readonly code:
    | 'LOGIN_ROLE_SUPERUSER'
    | 'LOGIN_ROLE_BYPASSES_RLS'
    | 'LOGIN_ROLE_CREATES_ROLES'
    | 'LOGIN_ROLE_OWNS_TENANTS'
    | 'LOGIN_ROLE_INHERITS_TENANTS'
    | 'LOGIN_ROLE_SEARCH_PATH'
    | 'LOGIN_ROLE_PLAIN_STRINGS';
  /** The name of the role. */
  readonly role: string;
  readonly reason: string;
  /** The statements that mend it, where some do. */
  readonly mend: readonly string[];
  /** What to do, where that is more than to run the statements. */
  readonly advice?: string;
}

interface LoginRole {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypassesRls: boolean;
  readonly createsRoles: boolean;
  readonly searchPath: string;
  readonly plainStrings: string;
  readonly ownsTenants: boolean;
  /** The roles of tenants whose rights it has without taking them on. */
  readonly inherited: readonly string[];
  readonly hasGrantOptions: boolean;
}

// reset_val is what the session began with: neither a statement's own search_path nor the binding of this one shows in it.
const LOGIN_ROLE = `
  SELECT rolname AS name, rolsuper AS superuser, rolbypassrls AS "bypassesRls", rolcreaterole AS "createsRoles",
         (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'search_path') AS "searchPath",
         (SELECT reset_val FROM pg_catalog.pg_settings WHERE name = 'standard_conforming_strings') AS "plainStrings",
         EXISTS (SELECT FROM pg_catalog.pg_namespace AS schema
                  WHERE pg_catalog.obj_description(schema.oid, 'pg_namespace') LIKE $1
                    AND pg_catalog.pg_has_role(login.oid, nspowner, 'USAGE')) AS "ownsTenants",
         ARRAY(SELECT rolname::text FROM pg_catalog.pg_roles AS tenant
                WHERE pg_catalog.shobj_description(tenant.oid, 'pg_authid') LIKE $2
                  AND pg_catalog.pg_has_role(login.oid, tenant.oid, 'USAGE')) AS inherited,
         pg_catalog.current_setting('server_version_num')::int >= 160000 AS "hasGrantOptions"
    FROM pg_catalog.pg_roles AS login WHERE rolname = session_user`;

/** The faults of the role that the service logs in as. */
export async function loginRoleFaults(system: Pick<DataSource, 'query'>, use: LoginRoleUse): Promise<LoginRoleFault[]> {
  const marks = [tenantSchemaMark('%'), tenantRoleMark('%', '%')];
  const [role] = await system.query<LoginRole[]>(LOGIN_ROLE, marks);
  if (!role) return [];
  return [...(role.superuser ? [superuserFault(role, use)] : attributeFaults(role, use)), ...settingFaults(role)];
}

/** The same in words, each with what mends it. */
export async function loginRoleWarnings(system: Pick<DataSource, 'query'>, use: LoginRoleUse): Promise<string[]> {
  return (await loginRoleFaults(system, use)).map(
    ({ reason, mend, advice }) => `${reason} ${advice ?? `Mend it with: ${mend.map((sql) => `${sql};`).join(' ')}`}`,
  );
}

function superuserFault({ name: role }: LoginRole, { isolation }: LoginRoleUse): LoginRoleFault {
  const name = pg.escapeIdentifier(role);
  const reaches =
    isolation === 'role'
      ? "what leaves a tenant's role, in a function of yours or as the system, may do anything on this server."
      : "a statement that names another tenant's schema is not refused by the server.";
  return {
    code: 'LOGIN_ROLE_SUPERUSER',
    role,
    reason: `The database role ${name} is a superuser: ${reaches}`,
    mend: [`ALTER ROLE ${name} NOSUPERUSER`],
    advice: 'Log in as a role that may use only what the service needs: CREATE ROLE … LOGIN NOSUPERUSER.',
  };
}

function attributeFaults(login: LoginRole, { isolation, migrations = {} }: LoginRoleUse): LoginRoleFault[] {
  const { name: role } = login;
  const name = pg.escapeIdentifier(role);
  const faults: LoginRoleFault[] = [];
  if (login.bypassesRls) {
    const reason = `The database role ${name} goes round every row-level security policy.`;
    faults.push({ code: 'LOGIN_ROLE_BYPASSES_RLS', role, reason, mend: [`ALTER ROLE ${name} NOBYPASSRLS`] });
  }
  // Who makes the schemas has to own them, and has all that the tenants' roles have.
  if (isolation !== 'role' || Object.keys(migrations).length > 0) return faults;
  if (login.createsRoles) {
    const reason =
      `The database role ${name} may make roles and give itself those of others, and this service has no migrations that ` +
      'would need it.';
    faults.push({ code: 'LOGIN_ROLE_CREATES_ROLES', role, reason, mend: [`ALTER ROLE ${name} NOCREATEROLE`] });
  }
  if (login.ownsTenants) {
    const reason =
      `The database role ${name} owns tenants' schemas, and this service has no migrations that would need it: what leaves ` +
      "a tenant's role may do anything there.";
    const advice =
      'Log in as a role of its own, which the service that makes the schemas names in grantTo: ' +
      'CREATE ROLE … LOGIN NOINHERIT.';
    faults.push({ code: 'LOGIN_ROLE_OWNS_TENANTS', role, reason, mend: [], advice });
  } else if (login.inherited.length > 0) {
    faults.push(inheritsFault(login));
  }
  return faults;
}

function inheritsFault({ name: role, inherited, hasGrantOptions }: LoginRole): LoginRoleFault {
  const name = pg.escapeIdentifier(role);
  const grants = hasGrantOptions
    ? inherited.map((tenant) => `GRANT ${pg.escapeIdentifier(tenant)} TO ${name} WITH INHERIT FALSE, SET TRUE`)
    : [];
  return {
    code: 'LOGIN_ROLE_INHERITS_TENANTS',
    role,
    reason:
      `The database role ${name} has the rights of tenants without taking on their roles: what leaves a tenant's role has ` +
      'them all at once.',
    mend: [`ALTER ROLE ${name} NOINHERIT`, ...grants],
    advice:
      `Mend it with: ALTER ROLE ${name} NOINHERIT; and from PostgreSQL 16 on, for each tenant: ` +
      `GRANT … TO ${name} WITH INHERIT FALSE, SET TRUE;`,
  };
}

function settingFaults({ name: role, searchPath, plainStrings }: LoginRole): LoginRoleFault[] {
  const name = pg.escapeIdentifier(role);
  const faults: LoginRoleFault[] = [];
  if (!['', '""'].includes(searchPath)) {
    const reason =
      `The database role ${name} has the search_path ${searchPath}: what is not bound to a tenant would read there ` +
      'instead of failing.';
    faults.push({ code: 'LOGIN_ROLE_SEARCH_PATH', role, reason, mend: [`ALTER ROLE ${name} SET search_path = ''`] });
  }
  if (plainStrings === 'off') {
    const reason =
      'standard_conforming_strings is off: the server reads a backslash in a literal otherwise than this module does, which ' +
      'looks at each statement before it is sent.';
    const mend = [`ALTER ROLE ${name} SET standard_conforming_strings = on`];
    faults.push({ code: 'LOGIN_ROLE_PLAIN_STRINGS', role, reason, mend });
  }
  return faults;
}
