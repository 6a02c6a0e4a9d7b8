import pg from 'pg';
import type { Examination } from './examination.js';
import { findingOn } from './examination.js';
import type { TenancyFinding } from './tenancy-finding.js';

interface LoginRights {
  readonly createsSchemas: boolean;
  readonly createsRoles: boolean;
  readonly ownsPublic: boolean;
  /** Not what everybody may. */
  readonly writesPublic: boolean;
  readonly everybodyWritesPublic: boolean;
}

const RIGHTS = `
  SELECT pg_catalog.has_database_privilege(login.oid, pg_catalog.current_database(), 'CREATE') AS "createsSchemas",
         rolsuper OR rolcreaterole AS "createsRoles",
         nspowner = login.oid AS "ownsPublic",
         EXISTS (SELECT FROM pg_catalog.aclexplode(nspacl) AS acl
                  WHERE privilege_type = 'CREATE' AND grantee = login.oid) AS "writesPublic",
         EXISTS (SELECT FROM pg_catalog.aclexplode(nspacl) AS acl
                  WHERE privilege_type = 'CREATE' AND grantee = 0) AS "everybodyWritesPublic"
    FROM pg_catalog.pg_roles AS login, pg_catalog.pg_namespace
   WHERE rolname = session_user AND nspname = 'public'`;

/** What the login role may, and what it would have to, and what everybody may in `public`. */
export async function examineLoginRole({ server, facts, use }: Examination): Promise<TenancyFinding[]> {
  const finding = findingOn(server.name);
  const role = pg.escapeIdentifier(facts.login);
  const findings = (await server.loginRole()).map(({ code, role: object, reason, mend, advice }) =>
    finding(
      code === 'LOGIN_ROLE_CREATES_ROLES' ? 'warning' : 'error',
      code,
      object,
      mend.length > 0 || advice === undefined ? reason : `${reason} ${advice}`,
      mend,
    ),
  );
  const [rights] = await server.system.query<LoginRights[]>(RIGHTS);
  if (!rights) return findings;
  if (use.makesSchemas && !rights.createsSchemas) {
    const message = `The database role ${role} may not make schemas, and this service has migrations for them.`;
    const mend = [`GRANT CREATE ON DATABASE ${pg.escapeIdentifier(facts.database)} TO ${role}`];
    findings.push(finding('error', 'LOGIN_ROLE_CANNOT_CREATE_SCHEMAS', facts.login, message, mend));
  }
  if (use.makesSchemas && use.isolation === 'role' && !rights.createsRoles) {
    const message = `The database role ${role} may not make the roles of tenants, which isolation: 'role' needs.`;
    const mend = [`ALTER ROLE ${role} CREATEROLE`];
    findings.push(finding('error', 'LOGIN_ROLE_CANNOT_CREATE_ROLES', facts.login, message, mend));
  }
  if (!use.makesSchemas && rights.writesPublic && !rights.ownsPublic) {
    const message = `The database role ${role} may make tables in public, and this service has no migrations that would need it.`;
    const mend = [`REVOKE CREATE ON SCHEMA public FROM ${role}`];
    findings.push(finding('warning', 'LOGIN_ROLE_WRITES_PUBLIC', facts.login, message, mend));
  }
  if (rights.everybodyWritesPublic) {
    const message =
      "Every role may make tables and functions in public, the tenants' roles too: what the system calls there could be anybody's.";
    const mend = ['REVOKE CREATE ON SCHEMA public FROM PUBLIC'];
    findings.push(finding('error', 'PUBLIC_WRITABLE', 'public', message, mend));
  }
  return findings;
}
