import type { DataSource, QueryRunner } from 'typeorm';
import { tenantSchemaMark } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import { nobodyYet } from '../../tenants/tenant.js';
import { namesSql, readExecuted } from '../migrations/executed-migrations.js';
import type { KnownMigrations } from '../migrations/known-migrations.js';
import type { ReadySchemasStatus } from './ready-schemas-options.js';

type State = ReadySchemasStatus['schemas'][number]['state'];

export interface FoundReady {
  readonly tenant: Tenant;
  readonly state: State;
}

/** The mark of what is nobody's yet. */
export const READY_MARK = tenantSchemaMark(nobodyYet('ready').id);

/** Names of the schemas that have the mark $1, the oldest one first. */
export const MARKED = `
  SELECT nspname AS schema FROM pg_catalog.pg_description
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = objoid
   WHERE classoid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND objsubid = 0 AND description = $1
   ORDER BY namespace.oid`;

/** The schemas of a database server that are nobody's yet, and what can be done with each. */
export async function findReady(system: DataSource, server: string, known: KnownMigrations): Promise<FoundReady[]> {
  const rows = await system.query<Array<{ schema: string }>>(MARKED, [READY_MARK]);
  const tenants = rows.map(({ schema }) => nobodyYet(schema, server));
  const found = await readExecuted(system, tenants, known.table);
  // What was handed out or dropped in the meantime is none any more.
  return found
    .filter(({ fault }) => fault === undefined || fault === 'unreadable')
    .map(({ tenant, fault, executed }) => ({
      tenant,
      state: fault === undefined ? stateOf(executed, known) : 'unreadable',
    }));
}

function stateOf(executed: readonly string[], known: KnownMigrations): State {
  if (known.unknown(executed).length > 0) return 'ahead';
  return known.pending(executed).length > 0 ? 'behind' : 'ready';
}

/** Whether a schema is nobody's yet and has all migrations. To be asked by who has its lock: only then it stays so. */
export async function isReady({ schema }: Tenant, known: KnownMigrations, runner: QueryRunner): Promise<boolean> {
  const [found] = await runner.manager.query<Array<{ mark: string | null; hasTable: boolean }>>(
    `SELECT pg_catalog.obj_description(namespace.oid, 'pg_namespace') AS mark,
            EXISTS (SELECT FROM pg_catalog.pg_class WHERE relnamespace = namespace.oid AND relname = $2) AS "hasTable"
       FROM pg_catalog.pg_namespace AS namespace WHERE nspname = $1`,
    [schema, known.table],
  );
  if (found?.mark !== READY_MARK || !found.hasTable) return false;
  const [{ names }] = await runner.manager.query<[{ names: string | null }]>(`SELECT ${namesSql(schema, known.table)}`);
  return stateOf(names === null ? [] : names.split('\n'), known) === 'ready';
}
