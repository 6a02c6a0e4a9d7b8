import { DataSource, MigrationExecutor } from 'typeorm';
import { CreateRegistry1760000000000 } from './migrations/1760000000000-create-registry.js';
import { IndexDomains1760000000001 } from './migrations/1760000000001-index-domains.js';
import { LifecycleOfTenants1760000000002 } from './migrations/1760000000002-lifecycle-of-tenants.js';
import { CanonicalDomains1760000000003 } from './migrations/1760000000003-canonical-domains.js';

/**
 * Brings the registry's own tables up to date, in one transaction. Instances that start at once do it one after the
 * other. It has a connection of its own: the migrations of the tenants' DataSource are those of the tenants' schemas.
 */
export async function migrateRegistry(url: string): Promise<void> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    schema: 'public',
    migrations: [
      CreateRegistry1760000000000,
      IndexDomains1760000000001,
      LifecycleOfTenants1760000000002,
      CanonicalDomains1760000000003,
    ],
    migrationsTableName: 'registry_migrations',
    poolSize: 1,
    installExtensions: false,
    connectTimeoutMS: 10_000,
  });
  await dataSource.initialize();
  try {
    await runPending(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

async function runPending(dataSource: DataSource): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await runner.startTransaction();
    // A lock of the transaction: one of the session would stay behind in a pooler.
    await runner.query(`SELECT pg_advisory_xact_lock(hashtextextended('tenant-management:migrations', 0))`);
    const executor = new MigrationExecutor(dataSource, runner);
    // The transaction is already open: the executor joins it.
    executor.transaction = 'all';
    await executor.executePendingMigrations();
    await runner.commitTransaction();
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}
