import pg from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { MigrationExecutor } from 'typeorm';
import { tenantRoleName, tenantSchemaMark } from '../../tenants/tenant-role.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { KnownMigrations } from '../migrations/known-migrations.js';
import { withMigrations } from '../migrations/known-migrations.js';
import { SCHEMA_HASHES } from '../migrations/schema-lines.js';
import { leaveOutConcurrently } from '../migrations/shadow-schema.js';
import { groundOf } from '../role-ground.js';
import type { SchemaGrants } from '../schema-grants.js';
import type { MoveMark } from './move-mark.js';
import { writeMark } from './move-mark.js';

/** What schemas are made with. */
export interface SchemaMaker {
  readonly dataSource: DataSource;
  readonly known: KnownMigrations;
  readonly grants: SchemaGrants;
}

/** Makes the schema of a tenant on the server that it is moved to, with the migrations that ran where it is now. */
export async function makeTarget(
  tenant: Tenant,
  executed: readonly string[],
  mark: MoveMark,
  runner: QueryRunner,
  { dataSource, known, grants }: SchemaMaker,
): Promise<void> {
  const schema = pg.escapeIdentifier(tenant.schema);
  await runner.query(`CREATE SCHEMA ${schema}`);
  await runner.query(`COMMENT ON SCHEMA ${schema} IS ${pg.escapeLiteral(tenantSchemaMark(tenant.id))}`);
  leaveOutConcurrently(runner);
  const migrations = executed.map((name) => known.get(name)!.instance);
  const executor = new MigrationExecutor(withMigrations(dataSource, migrations), runner);
  // The open transaction is joined, whatever a migration says of its own.
  executor.transaction = 'each';
  await executor.executePendingMigrations();
  if (!runner.isTransactionActive) throw new Error('A migration ended the transaction in which the schema is made.');
  await grants.provide(tenant, runner);
  await writeMark(tenant.schema, tenant.id, mark, runner);
}

/** A fingerprint of all that is in a schema but rows. */
export async function fingerprintOf({ schema }: Tenant, runner: QueryRunner): Promise<string> {
  const { database } = await groundOf(runner);
  const [{ hash }] = await runner.manager.query<[{ hash: string }]>(SCHEMA_HASHES, [
    [schema],
    [tenantRoleName(schema, database)],
  ]);
  return hash;
}
