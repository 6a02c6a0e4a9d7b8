import type { QueryRunner } from 'typeorm';
import { TenantMoveError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { copyRows } from '../contents/copy-rows.js';
import type { OwnerSession } from '../contents/owner-session.js';
import { copyInSql, copyOutSql, nameOf, NO_LIMITS, TEXT_SETTINGS } from '../contents/row-sql.js';
import type { SchemaContents } from '../contents/schema-contents.js';
import { assertNoLargeObjects, readContents } from '../contents/schema-contents.js';
import { undress } from './bare-tables.js';
import { differingTables } from './compare-rows.js';
import { copySequences, refreshViews } from './derived-contents.js';
import { assertFrozen } from './frozen-schema.js';
import { fingerprintOf } from './target-schema.js';
import type { CompleteMoveOptions } from './tenant-move-options.js';
import type { TenantMoveTable } from './tenant-move-report.js';

/** Both ends, each within a transaction of its own. */
interface Ends {
  readonly source: OwnerSession;
  readonly target: OwnerSession;
}

/** Works on one state of the frozen schema: nothing that is read of it is of another moment. */
export async function inSnapshot<T>(source: OwnerSession, work: (reader: QueryRunner) => Promise<T>): Promise<T> {
  const settings = ['SET TRANSACTION READ ONLY', ...NO_LIMITS, ...TEXT_SETTINGS];
  return source.transaction({ isolation: 'REPEATABLE READ', settings }, async (reader) => ({
    value: await work(reader),
    isKept: false,
  }));
}

/** Fills the schema that was made on the target with all that is in the frozen one, and makes sure that it is the same. */
export async function copyContents(
  tenant: Tenant,
  { source, target }: Ends,
  { signal, onEvent }: CompleteMoveOptions,
): Promise<TenantMoveTable[]> {
  const { schema } = tenant;
  const fresh = await fingerprintOf(tenant, target.runner);
  for (const sql of TEXT_SETTINGS) await target.runner.query(sql);
  return inSnapshot(source, async (reader) => {
    const contents = await readContents(schema, reader);
    await assertWhole(tenant, contents, reader, target.runner);
    const { dress } = await undress(schema, contents, target.runner);
    const tables: TenantMoveTable[] = [];
    for (const table of contents.tables) {
      const [out, into] = [copyOutSql(schema, table), copyInSql(schema, table)];
      const copied = { table: table.name, ...(await copyRows(source, out, target, into, signal)) };
      tables.push(copied);
      onEvent?.({ type: 'copied', table: copied, done: tables.length, todo: contents.tables.length });
    }
    await copySequences(schema, contents, reader, target.runner);
    await dress();
    await refreshViews(schema, contents, target.runner);
    signal?.throwIfAborted();
    await compareContents(tenant, contents, reader, target.runner);
    if ((await fingerprintOf(tenant, target.runner)) !== fresh) {
      throw different(tenant, 'its schema on the other server is not the one that its migrations have made there.');
    }
    onEvent?.({ type: 'compared' });
    // Else the first statements would be planned as if nothing were there.
    const names = contents.tables.map(({ name }) => nameOf(schema, name));
    if (names.length > 0) await target.runner.query(`ANALYZE ${names.join(', ')}`);
    return tables;
  });
}

/** Throws where a row is not the same on both sides, or is on one only. */
export async function compareContents(
  tenant: Tenant,
  { tables }: SchemaContents,
  source: QueryRunner,
  target: QueryRunner,
): Promise<void> {
  const differing = await differingTables(tenant.schema, tables, source, target);
  if (differing.length === 0) return;
  throw different(tenant, `its rows are not the same on both servers: ${differing.join('; ')}.`);
}

/** Throws where there is more in the frozen schema than would be copied, or where somebody could still write to it. */
async function assertWhole(
  tenant: Tenant,
  contents: SchemaContents,
  source: QueryRunner,
  target: QueryRunner,
): Promise<void> {
  const { schema } = tenant;
  await assertNoLargeObjects(schema, source);
  await assertFrozen(tenant, source);
  const [is, should] = [await readContents(schema, target), contents].map(({ tables }) => new Set(tables.map(outline)));
  const missing = [...should].find((table) => !is.has(table));
  if (missing !== undefined) throw different(tenant, `the table ${missing} is not the same on the other server.`);
}

function outline({ name, columns }: SchemaContents['tables'][number]): string {
  return `${name} (${columns
    .map((column) => `${column.name} ${column.type}`)
    .sort()
    .join(', ')})`;
}

function different({ id }: Tenant, reason: string): TenantMoveError {
  return new TenantMoveError(id, 'unchanged', reason);
}
