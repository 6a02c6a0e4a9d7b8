import pg from 'pg';
import type { DataSource } from 'typeorm';
import { tenantSchemaMark } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { TenantSchemaFault } from './tenant-migrations-report.js';

/** What was found of a tenant's schema. */
export interface FoundSchema {
  readonly tenant: Tenant;
  readonly fault?: TenantSchemaFault;
  readonly error?: unknown;
  /** Whether it has a table of migrations; without one none has run. */
  readonly hasTable: boolean;
  /** Names of the migrations that ran, the first one first. */
  readonly executed: readonly string[];
}

/** So many tables in one statement: each takes two of the server's locks, which all its sessions share. */
const CHUNK = 500;
const ATTEMPTS = 3;
const GONE = ['42P01', '3F000'];

const SCHEMAS = `
  SELECT nspname AS schema, pg_catalog.obj_description(namespace.oid, 'pg_namespace') AS mark, class.oid IS NOT NULL AS "hasTable"
    FROM pg_catalog.pg_namespace AS namespace
    LEFT JOIN pg_catalog.pg_class AS class ON relnamespace = namespace.oid AND relname = $2 AND relkind IN ('r', 'p')
   WHERE nspname = ANY ($1::text[])`;

/** Reads what ran in the schemas of tenants of one database server: one statement over all of them, or over 500 at a time. */
export async function readExecuted(
  system: DataSource,
  tenants: readonly Tenant[],
  table: string,
): Promise<FoundSchema[]> {
  const names = tenants.map(({ schema }) => schema);
  const rows = await system.query<Array<{ schema: string; mark: string | null; hasTable: boolean }>>(SCHEMAS, [
    names,
    table,
  ]);
  const known = new Map(rows.map((row) => [row.schema, row]));
  const found = new Map<Tenant, FoundSchema>();
  const toRead: Tenant[] = [];
  for (const tenant of tenants) {
    const schema = known.get(tenant.schema);
    const isOwn = schema?.mark === tenantSchemaMark(tenant.id);
    if (isOwn && schema.hasTable) toRead.push(tenant);
    else {
      const fault = schema ? (isOwn ? undefined : 'foreign') : 'missing';
      found.set(tenant, { tenant, ...(fault && { fault }), hasTable: false, executed: [] });
    }
  }
  for (let at = 0; at < toRead.length; at += CHUNK) {
    for (const one of await readTables(system, toRead.slice(at, at + CHUNK), table)) found.set(one.tenant, one);
  }
  return tenants.map((tenant) => found.get(tenant)!);
}

/** Where a statement over many fails, those that it fails for are found by halves. */
async function readTables(
  system: DataSource,
  tenants: readonly Tenant[],
  table: string,
  attempt = 1,
): Promise<FoundSchema[]> {
  try {
    const rows = await system.query<Array<{ at: number; names: string | null }>>(
      tenants.map(readSql(table)).join(' UNION ALL '),
    );
    return rows.map(({ at, names }) => ({
      tenant: tenants[at],
      hasTable: true,
      executed: names === null ? [] : names.split('\n'),
    }));
  } catch (error) {
    if (tenants.length > 1) {
      const middle = Math.ceil(tenants.length / 2);
      return [
        ...(await readTables(system, tenants.slice(0, middle), table)),
        ...(await readTables(system, tenants.slice(middle), table)),
      ];
    }
    const [tenant] = tenants;
    // It was dropped in the meantime: look again.
    if (GONE.includes((error as { code?: string }).code ?? '') && attempt < ATTEMPTS) {
      return readExecutedAgain(system, tenant, table, attempt + 1);
    }
    return [{ tenant, fault: 'unreadable', error, hasTable: true, executed: [] }];
  }
}

async function readExecutedAgain(
  system: DataSource,
  tenant: Tenant,
  table: string,
  attempt: number,
): Promise<FoundSchema[]> {
  const [row] = await system.query<Array<{ mark: string | null; hasTable: boolean }>>(SCHEMAS, [
    [tenant.schema],
    table,
  ]);
  const isOwn = row?.mark === tenantSchemaMark(tenant.id);
  if (isOwn && row.hasTable) return readTables(system, [tenant], table, attempt);
  const fault = row ? (isOwn ? undefined : 'foreign') : 'missing';
  return [{ tenant, ...(fault && { fault }), hasTable: false, executed: [] }];
}

const readSql =
  (table: string) =>
  ({ schema }: Tenant, at: number): string =>
    `SELECT ${at} AS at, ${namesSql(schema, table)}`;

/** The names of the migrations that ran in a schema, one a line, the first one first; NULL for none. */
export function namesSql(schema: string, table: string): string {
  const name = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
  return `(SELECT pg_catalog.string_agg(name, E'\\n' ORDER BY id) FROM ${name}) AS names`;
}
