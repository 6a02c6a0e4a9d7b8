import { tenantRoleMark, tenantRoleName } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import { admitSql } from '../role-members.js';
import { createRoleSql } from '../tenant-roles.js';
import type { Examination } from './examination.js';
import { findingOn } from './examination.js';
import { tenantsWithSchema } from './examine-grants.js';
import { dropRoleSql } from './examine-schemas.js';
import type { TenancyFinding } from './tenancy-finding.js';

interface FoundRole {
  readonly name: string;
  readonly mark: string | null;
  /** Those who are to take it on and may not. */
  readonly outside: readonly string[];
}

// $1 names roles, $2 the roles that are to take them on, $3 the right that says so.
const ROLES = `
  SELECT rolname::text AS name, pg_catalog.shobj_description(role.oid, 'pg_authid') AS mark,
         ARRAY(SELECT member.rolname::text FROM pg_catalog.pg_roles AS member
                WHERE member.rolname = ANY ($2) AND NOT pg_catalog.pg_has_role(member.oid, role.oid, $3)) AS outside
    FROM pg_catalog.pg_roles AS role WHERE rolname = ANY ($1)`;

const MARKED = `
  SELECT rolname::text AS name FROM pg_catalog.pg_roles AS role
   WHERE pg_catalog.shobj_description(role.oid, 'pg_authid') LIKE 'tenant %'
     AND pg_catalog.right(pg_catalog.shobj_description(role.oid, 'pg_authid'), pg_catalog.length($1)) = $1 ORDER BY 1`;

/** The roles of tenants: there where they are needed, and nowhere else. */
export async function examineTenantRoles(examination: Examination): Promise<TenancyFinding[]> {
  return [...(await orphans(examination)), ...(await faults(examination))];
}

/** Where a schema is dropped by hand its role stays. */
async function orphans({ server, facts, before }: Examination): Promise<TenancyFinding[]> {
  const ending = tenantRoleMark('', facts.database).replace(/^tenant /, '');
  const found = await server.system.query<Array<{ name: string }>>(MARKED, [ending]);
  const needed = new Set(before.map(({ name }) => tenantRoleName(name, facts.database)));
  return found
    .filter(({ name }) => !needed.has(name))
    .map(({ name }) => {
      const message = `The database role ${name} was made for a tenant whose schema is not there any more.`;
      return findingOn(server.name)('warning', 'TENANT_ROLE_ORPHANED', name, message, dropRoleSql(name));
    });
}

async function faults(examination: Examination): Promise<TenancyFinding[]> {
  const { server, facts, use } = examination;
  if (!use.roles) return [];
  const hasGrantOptions = facts.version >= 160_000;
  const tenants = tenantsWithSchema(examination);
  const members = [...new Set([facts.login, ...use.grantTo])];
  const roleOf = ({ schema }: Tenant): string => tenantRoleName(schema, facts.database);
  const rows = await server.system.query<FoundRole[]>(ROLES, [
    tenants.map(roleOf),
    members,
    hasGrantOptions ? 'SET' : 'MEMBER',
  ]);
  const found = new Map(rows.map((row) => [row.name, row]));
  const finding = findingOn(server.name);
  return tenants.flatMap((tenant) => {
    const role = roleOf(tenant);
    const one = found.get(role);
    const admit = (names: readonly string[]): string[] =>
      names.map((name) => admitSql(role, name, { hasGrantOptions }));
    if (!one) {
      const message = `Tenant ${tenant.id} has no database role ${role}: none of its statements runs.`;
      const mend = [...createRoleSql(tenant, role, facts), ...use.roles!.grants(tenant, facts), ...admit(members)];
      return finding('error', 'TENANT_ROLE_MISSING', role, message, mend);
    }
    if (one.mark !== tenantRoleMark(tenant.id, facts.database)) {
      const message =
        `The database role ${role} was not made for tenant ${tenant.id}, whose schema is ${tenant.schema}: it is marked ` +
        `${JSON.stringify(one.mark)}. Drop it where nobody else uses it, and migrate the tenant.`;
      return finding('error', 'TENANT_ROLE_FOREIGN', role, message);
    }
    if (one.outside.length === 0) return [];
    const message = `${one.outside.join(', ')} may not take on the role ${role} of tenant ${tenant.id}: its statements fail there.`;
    return finding('error', 'TENANT_ROLE_CLOSED', role, message, admit(one.outside));
  });
}
