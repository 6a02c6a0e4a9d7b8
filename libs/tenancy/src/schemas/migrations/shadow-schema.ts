import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { MigrationExecutor } from 'typeorm';
import type { Tenant } from '../../tenants/tenant.js';
import { defineTenant } from '../../tenants/tenant.js';
import { tenantSchemaMark } from '../../tenants/tenant-role.js';
import { withMigrations } from './known-migrations.js';

/** What the names of shadow schemas begin with. */
export const SHADOW_PREFIX = 'tenancy_shadow_';

/** A schema of no tenant, to see what migrations make of it. */
export interface Shadow {
  readonly tenant: Tenant;
  readonly view: DataSource;
  readonly runner: QueryRunner;
  /** Runs the first of these that have not run there yet, as TypeORM does. */
  migrate(migrations: readonly MigrationInterface[]): Promise<void>;
}

/** Makes schemas that nobody else ever sees: each lives in one transaction, which is always rolled back. */
export class ShadowSchemas {
  constructor(
    private readonly dataSource: DataSource,
    private readonly forOwner: (tenant: Tenant) => DataSource,
  ) {}

  /** Asks with the path that a shadow has, but for its own schema: what is in no path is written with its schema. */
  async outside<T>(server: string, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.forOwner(shadowTenant(server)).createQueryRunner();
    try {
      return await work(runner);
    } finally {
      await runner.release();
    }
  }

  async within<T>(server: string, lockTimeout: number, work: (shadow: Shadow) => Promise<T>): Promise<T> {
    const tenant = shadowTenant(server);
    const name = tenant.schema;
    const view = this.forOwner(tenant);
    const runner = view.createQueryRunner();
    try {
      leaveOutConcurrently(runner);
      refuseOthers(view);
      await runner.startTransaction();
      await runner.query(`SET LOCAL lock_timeout TO ${lockTimeout}`);
      const schema = pg.escapeIdentifier(name);
      await runner.query(`CREATE SCHEMA ${schema}`);
      await runner.query(`COMMENT ON SCHEMA ${schema} IS ${pg.escapeLiteral(tenantSchemaMark(name))}`);
      const migrate = async (migrations: readonly MigrationInterface[]): Promise<void> => {
        const executor = new MigrationExecutor(withMigrations(this.dataSource, migrations), runner);
        // The open transaction is joined, whatever a migration says of its own.
        executor.transaction = 'each';
        await executor.executePendingMigrations();
        if (!runner.isTransactionActive) throw new Error('A migration ended the transaction that it was tried in.');
      };
      return await work({ tenant, view, runner, migrate });
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      await runner.release();
    }
  }
}

function shadowTenant(server: string): Tenant {
  const name = `${SHADOW_PREFIX}${randomBytes(8).toString('hex')}`;
  return defineTenant({ id: name, schema: name, status: 'provisioning', database: server });
}

const CONCURRENTLY = /^(\s*(?:create\s+(?:unique\s+)?|drop\s+|re)index\b[^;'"$]*?)\bconcurrently\b/i;

/** In a schema that nobody uses the same comes of it without, and that may be in a transaction. */
export function leaveOutConcurrently(runner: QueryRunner): void {
  const { query } = runner as { query: (sql: string, ...rest: unknown[]) => Promise<unknown> };
  Object.assign(runner, {
    query: (sql: string, ...rest: unknown[]) => query.call(runner, sql.replace(CONCURRENTLY, '$1'), ...rest),
  });
}

/** Another connection would not see what is made in this transaction, and might wait for its end, which waits for it. */
export function refuseOthers(view: DataSource): void {
  Object.defineProperty(view, 'createQueryRunner', {
    configurable: true,
    value: () => {
      throw new Error('A migration is tried in a schema that only its own query runner sees: use no other.');
    },
  });
}
