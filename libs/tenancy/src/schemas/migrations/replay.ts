import pg from 'pg';
import type { DataSource } from 'typeorm';
import type { Tenant } from '../../tenants/tenant.js';
import { tenantSchemaMark } from '../../tenants/tenant-role.js';
import type { RoleGround } from '../role-ground.js';
import type { SchemaGrants } from '../schema-grants.js';
import { lockSql } from '../schema-lock.js';
import { STORE_LATER } from './stored-writes.js';
import { namesSql } from './executed-migrations.js';
import type { KnownMigrations } from './known-migrations.js';
import type { RunSettings } from './ordinary-run.js';
import type { Recorded } from './recorder.js';

/**
 * Sends recorded SQL to a tenant's schema as one text, which is one transaction and one round trip. First of all it takes the
 * lock and makes sure that everything still is as it was when the recording was chosen; where it is not, or where anything
 * else fails, nothing of it has happened. It does not wait for the disk: `storeWrites()` does, once for all tenants.
 */
export class Replay {
  constructor(
    private readonly forOwner: (tenant: Tenant) => DataSource,
    private readonly known: KnownMigrations,
    private readonly grants: SchemaGrants,
  ) {}

  /** Adds the names of what it has run to `done`, each as soon as it is stored. */
  async run(
    tenant: Tenant,
    executed: readonly string[],
    recorded: readonly Recorded[],
    ground: RoleGround,
    { transaction, lockTimeout }: RunSettings,
    done: string[],
  ): Promise<void> {
    const parts = transaction === 'each' ? recorded.map((one) => [one]) : [recorded];
    const runner = this.forOwner(tenant).createQueryRunner();
    try {
      for (const part of parts) {
        await runner.query(this.textOf(tenant, [...executed, ...done], part, ground, lockTimeout));
        done.push(...part.map(({ name }) => name));
      }
    } finally {
      await runner.release();
    }
  }

  private textOf(
    tenant: Tenant,
    executed: readonly string[],
    recorded: readonly Recorded[],
    ground: RoleGround,
    lockTimeout: number,
  ): string {
    const grants = this.grants.asSql(tenant, ground);
    const statements = [
      STORE_LATER,
      `SET LOCAL lock_timeout TO ${lockTimeout}`,
      lockSql(tenant.schema),
      // Fails where it does not hold: the text is no number. Not a constant, which would be looked at in any case.
      `SELECT (CASE WHEN ${this.condition(tenant, executed)} AND ${grants.condition} THEN '0'
         ELSE 'tenancy: not as it was ' || pg_catalog.txid_current() END)::pg_catalog.int4`,
      ...recorded.flatMap(({ name, sql }) => [...sql, this.insertSql(tenant, name)]),
      ...grants.sql,
    ];
    // A new line, as a statement may end with a comment.
    return statements.join('\n;\n');
  }

  private condition({ id, schema }: Tenant, executed: readonly string[]): string {
    const mark = `(SELECT pg_catalog.obj_description(oid, 'pg_namespace') FROM pg_catalog.pg_namespace
                    WHERE nspname = ${pg.escapeLiteral(schema)}) = ${pg.escapeLiteral(tenantSchemaMark(id))}`;
    const names = pg.escapeLiteral(executed.join('\n'));
    const ran = `(SELECT COALESCE(names, '') FROM (SELECT ${namesSql(schema, this.known.table)}) AS ran) = ${names}`;
    const metadata = this.known.needsMetadataTable
      ? ` AND pg_catalog.to_regclass(${pg.escapeLiteral(`${pg.escapeIdentifier(schema)}.typeorm_metadata`)}) IS NOT NULL`
      : '';
    return `${mark} AND ${ran}${metadata}`;
  }

  private insertSql({ schema }: Tenant, name: string): string {
    const table = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(this.known.table)}`;
    const { timestamp } = this.known.get(name)!;
    return `INSERT INTO ${table} ("timestamp", "name") VALUES (${timestamp}, ${pg.escapeLiteral(name)})`;
  }
}
