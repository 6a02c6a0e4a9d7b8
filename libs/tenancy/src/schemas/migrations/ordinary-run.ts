import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { MigrationExecutor } from 'typeorm';
import type { Tenant } from '../../tenants/tenant.js';
import type { SchemaGrants } from '../schema-grants.js';
import type { AtWork } from './failed-migration.js';
import type { KnownMigration, KnownMigrations } from './known-migrations.js';
import { withMigrations } from './known-migrations.js';
import { lockedTransaction } from './locked-transaction.js';
import type { TenantMigrationsTransaction } from './tenant-migrations-options.js';
import type { Unlocked } from './without-transaction.js';

export interface RunSettings {
  readonly transaction: TenantMigrationsTransaction;
  readonly lockTimeout: number;
}

/** Runs TypeORM's own executor in one tenant's schema. */
export class OrdinaryRun {
  constructor(
    private readonly dataSource: DataSource,
    private readonly forOwner: (tenant: Tenant) => DataSource,
    private readonly known: KnownMigrations,
    private readonly grants: SchemaGrants,
    private readonly unlocked: Unlocked,
  ) {}

  /**
   * Runs what is pending in a schema and adds the names of what it has run to `done`, each as soon as it is stored. Two at
   * once are safe: whoever comes second finds nothing to do.
   */
  async migrate(
    tenant: Tenant,
    executed: readonly string[],
    settings: RunSettings,
    at: AtWork,
    done: string[],
  ): Promise<void> {
    const pending = this.known.pending(executed);
    if (settings.transaction === 'all') return this.inOne(tenant, pending, settings, at, done);
    for (const migration of pending) {
      if (runsInTransaction(migration, settings)) await this.inOne(tenant, [migration], settings, at, done);
      else {
        await this.unlocked.run(tenant, settings.lockTimeout, async (runner) => {
          done.push(...(await this.execute([migration], 'none', runner, at)));
        });
        await this.provide(tenant, settings);
      }
    }
  }

  /** Reverts a migration where it is the last one that ran. Tells whether it was. */
  async revert(tenant: Tenant, name: string, settings: RunSettings, at: AtWork): Promise<boolean> {
    const migration = this.known.get(name)!;
    const revert = async (runner: QueryRunner, mode: 'all' | 'none'): Promise<boolean> => {
      const executor = this.executor([migration], runner, at);
      executor.transaction = mode;
      const [last] = await executor.getExecutedMigrations();
      if (last?.name !== name) return false;
      await executor.undoLastMigration();
      return true;
    };
    if (runsInTransaction(migration, settings)) {
      return lockedTransaction(tenant, this.forOwner(tenant), settings.lockTimeout, (runner) => revert(runner, 'all'));
    }
    return this.unlocked.run(tenant, settings.lockTimeout, (runner) => revert(runner, 'none'));
  }

  private async inOne(
    tenant: Tenant,
    pending: readonly KnownMigration[],
    settings: RunSettings,
    at: AtWork,
    done: string[],
  ): Promise<void> {
    const { transaction, lockTimeout } = settings;
    const names = await lockedTransaction(tenant, this.forOwner(tenant), lockTimeout, async (runner) => {
      const ran = await this.execute(pending, transaction, runner, at);
      await this.grants.provide(tenant, runner);
      return ran;
    });
    done.push(...names);
  }

  private async execute(
    pending: readonly KnownMigration[],
    mode: TenantMigrationsTransaction,
    runner: QueryRunner,
    at: AtWork,
  ): Promise<string[]> {
    // An open transaction is joined. What was run by another one in the meantime, the executor leaves out.
    const executor = this.executor(pending, runner, at);
    executor.transaction = mode;
    return (await executor.executePendingMigrations()).map(({ name }) => name);
  }

  private executor(migrations: readonly KnownMigration[], runner: QueryRunner, at: AtWork): MigrationExecutor {
    const told = migrations.map(({ name, instance }) => named(name, instance, at));
    return new MigrationExecutor(withMigrations(this.dataSource, told), runner);
  }

  private async provide(tenant: Tenant, { lockTimeout }: RunSettings): Promise<void> {
    await lockedTransaction(tenant, this.forOwner(tenant), lockTimeout, (runner) =>
      this.grants.provide(tenant, runner),
    );
  }
}

function runsInTransaction({ instance }: KnownMigration, { transaction }: RunSettings): boolean {
  return instance.transaction ?? transaction !== 'none';
}

/** The same migration, which says when it is at work. */
export function named(name: string, instance: MigrationInterface, at: AtWork): MigrationInterface {
  return {
    name,
    transaction: instance.transaction,
    up: async (runner) => {
      at.migration = name;
      await instance.up(runner);
      at.migration = undefined;
    },
    down: async (runner) => {
      at.migration = name;
      await instance.down(runner);
      at.migration = undefined;
    },
  };
}
