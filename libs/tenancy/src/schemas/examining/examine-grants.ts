import pg from 'pg';
import { tenantIdOfMark, tenantRoleName } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import { serverOf } from '../migrations/fleet.js';
import { plainGrants } from '../schema-grants.js';
import type { Examination } from './examination.js';
import { findingOn } from './examination.js';
import type { TenancyFinding } from './tenancy-finding.js';

// $1 names schemas and $2 the role that is to use each.
const LACKING = `
  SELECT nspname::text AS schema, role.rolname::text AS role
    FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS asked (schema, role)
    JOIN pg_catalog.pg_namespace AS namespace ON nspname = asked.schema
    JOIN pg_catalog.pg_roles AS role ON role.rolname = asked.role
   WHERE NOT pg_catalog.has_schema_privilege(role.oid, namespace.oid, 'USAGE')
      OR EXISTS (
        SELECT FROM pg_catalog.pg_class AS class
         WHERE relnamespace = namespace.oid AND CASE
                 WHEN relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(role.oid, class.oid, 'USAGE')
                                      OR NOT pg_catalog.has_sequence_privilege(role.oid, class.oid, 'SELECT')
                 WHEN relkind NOT IN ('r', 'p', 'v', 'm', 'f') THEN false
                 WHEN NOT pg_catalog.has_table_privilege(role.oid, class.oid, 'SELECT') THEN true
                 WHEN relname = $3 THEN false
                 ELSE NOT pg_catalog.has_table_privilege(role.oid, class.oid, 'INSERT')
                   OR NOT pg_catalog.has_table_privilege(role.oid, class.oid, 'UPDATE')
                   OR NOT pg_catalog.has_table_privilege(role.oid, class.oid, 'DELETE')
               END)`;

const OPEN = `
  SELECT DISTINCT nspname::text AS schema, CASE WHEN grantee = 0 THEN NULL ELSE pg_catalog.pg_get_userbyid(grantee)::text END AS role
    FROM pg_catalog.pg_namespace, pg_catalog.aclexplode(nspacl)
   WHERE nspname = ANY ($1) AND grantee <> nspowner
     AND (grantee = 0 OR pg_catalog.shobj_description(grantee, 'pg_authid') LIKE 'tenant %')`;

const PRESENT = 'SELECT rolname::text AS name FROM pg_catalog.pg_roles WHERE rolname = ANY ($1)';

/** The tenants of a server whose schemas are their own: what is wrong with the others is said elsewhere. */
export function tenantsWithSchema({ server, after, tenants = [] }: Examination): Tenant[] {
  const marks = new Map(after.map(({ name, mark }) => [name, mark]));
  return tenants.filter(
    (tenant) => serverOf(tenant) === server.name && tenantIdOfMark(marks.get(tenant.schema) ?? null) === tenant.id,
  );
}

/** Whether who is to use a schema may, and nobody else. */
export async function examineGrants(examination: Examination, migrationsTable: string): Promise<TenancyFinding[]> {
  const { server, facts, use } = examination;
  const finding = findingOn(server.name);
  const tenants = tenantsWithSchema(examination);
  const roleOf = ({ schema }: Tenant): string => tenantRoleName(schema, facts.database);
  const present = await server.system.query<Array<{ name: string }>>(PRESENT, [use.grantTo]);
  const absent = use.grantTo.filter((role) => !present.some(({ name }) => name === role));
  const users = tenants.flatMap((tenant) =>
    (use.roles ? [roleOf(tenant)] : use.grantTo).map((role) => ({ tenant, role })),
  );
  const lacking = await server.system.query<Array<{ schema: string; role: string }>>(LACKING, [
    users.map(({ tenant }) => tenant.schema),
    users.map(({ role }) => role),
    // With roles of tenants it is not theirs to write; else it is granted with the others.
    use.roles ? migrationsTable : null,
  ]);
  const open = await server.system.query<Array<{ schema: string; role: string | null }>>(OPEN, [
    tenants.map(({ schema }) => schema),
  ]);
  const bySchema = new Map(tenants.map((tenant) => [tenant.schema, tenant]));
  return [
    ...absent.map((role) =>
      finding(
        'error',
        'GRANTEE_MISSING',
        role,
        `There is no database role ${role}, which grantTo names: no schema can be made or migrated.`,
        [`CREATE ROLE ${pg.escapeIdentifier(role)} LOGIN NOINHERIT`],
      ),
    ),
    ...lacking.map(({ schema, role }) => {
      const tenant = bySchema.get(schema)!;
      const message = `The database role ${role} lacks rights to the schema ${schema} of tenant ${tenant.id}, or to what is in it.`;
      const mend = use.roles ? use.roles.grants(tenant, facts) : plainGrants(tenant, role);
      return finding('error', 'GRANT_MISSING', schema, message, mend);
    }),
    ...open
      .filter(({ schema, role }) => role !== roleOf(bySchema.get(schema)!))
      .map(({ schema, role }) => {
        const who = role === null ? 'Every role' : `The database role ${role} of another tenant`;
        const message = `${who} has rights to the schema ${schema} of tenant ${bySchema.get(schema)!.id}.`;
        const from = role === null ? 'PUBLIC' : pg.escapeIdentifier(role);
        return finding('error', 'SCHEMA_OPEN', schema, message, [
          `REVOKE ALL ON SCHEMA ${pg.escapeIdentifier(schema)} FROM ${from}`,
        ]);
      }),
  ];
}
