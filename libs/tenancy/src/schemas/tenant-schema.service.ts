import pg from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { MigrationExecutor } from 'typeorm';
import { TenantSchemaError } from '../tenancy.errors.js';
import { tenantSchemaMark } from '../tenants/tenant-role.js';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';
import type { TenantRoles } from './tenant-roles.js';

/** Where a tenant's schema stands. */
export interface TenantSchemaStatus {
  readonly schema: string;
  readonly exists: boolean;
  /** Names of the migrations that ran, the first one first. */
  readonly executed: readonly string[];
  /** Names of the migrations that are to run. */
  readonly pending: readonly string[];
}

const MIGRATIONS_TABLE = 'migrations';

/**
 * Makes, migrates and drops the schemas of tenants, with TypeORM's own migration classes. Everything that is done to one
 * schema is one transaction under one advisory lock: it is done whole or not at all, and never by two at once.
 *
 * @example await schemas.create(tenant) // CREATE SCHEMA, and every migration of `database.migrations`
 */
export class TenantSchemaService {
  constructor(
    private readonly dataSource: DataSource,
    /** Works in a tenant's schema as the owner of what it makes there: `factory.forOwner`. */
    private readonly forOwner: (tenant: Tenant) => DataSource,
    private readonly grantTo: readonly string[] = [],
    /** Gives each tenant a role of its own; without it the roles of `grantTo` use the tables themselves. */
    private readonly roles?: TenantRoles,
  ) {}

  /**
   * Creates a tenant's schema and brings it up to date. Repeating it is safe. A schema of that name that was not made for
   * this tenant is refused, so that nobody inherits what another tenant left.
   */
  async create(init: Tenant): Promise<TenantSchemaStatus> {
    const tenant = defineTenant(init);
    return this.locked(tenant, async (runner) => {
      const owner = await this.ownerOf(tenant, runner);
      if (owner === undefined) {
        await runner.query(`CREATE SCHEMA ${pg.escapeIdentifier(tenant.schema)}`);
        await runner.query(
          `COMMENT ON SCHEMA ${pg.escapeIdentifier(tenant.schema)} IS ${pg.escapeLiteral(tenantSchemaMark(tenant.id))}`,
        );
      }
      return this.bringUpToDate(tenant, runner);
    });
  }

  /** Runs the pending migrations of a tenant's schema. */
  async migrate(init: Tenant): Promise<TenantSchemaStatus> {
    const tenant = defineTenant(init);
    return this.locked(tenant, async (runner) => {
      if ((await this.ownerOf(tenant, runner)) === undefined) throw missing(tenant);
      return this.bringUpToDate(tenant, runner);
    });
  }

  async status(init: Tenant): Promise<TenantSchemaStatus> {
    const tenant = defineTenant(init);
    return this.locked(tenant, async (runner) => {
      const exists = (await this.ownerOf(tenant, runner)) !== undefined;
      return this.statusOf(tenant, exists ? runner : undefined);
    });
  }

  /** Drops a tenant's schema and all that is in it, and the tenant's role. Dropping one that is not there is no error. */
  async drop(init: Tenant): Promise<void> {
    const tenant = defineTenant(init);
    await this.locked(tenant, async (runner) => {
      if ((await this.ownerOf(tenant, runner)) !== undefined) {
        await runner.query(`DROP SCHEMA ${pg.escapeIdentifier(tenant.schema)} CASCADE`);
      }
      await this.roles?.drop(tenant, runner);
    });
  }

  private async bringUpToDate(tenant: Tenant, runner: QueryRunner): Promise<TenantSchemaStatus> {
    const executor = new MigrationExecutor(this.dataSource, runner);
    // The transaction is already open: the executor joins it.
    executor.transaction = 'all';
    await executor.executePendingMigrations();
    if (this.roles) await this.roles.provide(tenant, this.grantTo, runner);
    else for (const role of this.grantTo) await grant(tenant, pg.escapeIdentifier(role), runner);
    return this.statusOf(tenant, runner);
  }

  private async statusOf(tenant: Tenant, runner: QueryRunner | undefined): Promise<TenantSchemaStatus> {
    const all = this.dataSource.migrations.map(({ name, constructor }) => name ?? constructor.name);
    const table = this.dataSource.options.migrationsTableName ?? MIGRATIONS_TABLE;
    const executed =
      runner && (await runner.hasTable(table))
        ? await runner.manager.query<Array<{ name: string }>>(`SELECT name FROM "${table}" ORDER BY id`)
        : [];
    const names = executed.map(({ name }) => name);
    return {
      schema: tenant.schema,
      exists: runner !== undefined,
      executed: names,
      pending: all.filter((name) => !names.includes(name)),
    };
  }

  /** The mark of whom a schema was made for: `undefined` where there is none of that name, an error where it is not his. */
  private async ownerOf(tenant: Tenant, runner: QueryRunner): Promise<string | undefined> {
    const [found] = await runner.manager.query<Array<{ owner: string | null }>>(
      `SELECT obj_description(oid, 'pg_namespace') AS owner FROM pg_catalog.pg_namespace WHERE nspname = $1`,
      [tenant.schema],
    );
    if (!found) return undefined;
    if (found.owner === tenantSchemaMark(tenant.id)) return found.owner;
    throw new TenantSchemaError(
      tenant.schema,
      `The schema ${tenant.schema} is there and was not made for tenant ${tenant.id}. ` +
        'Give the tenant another schema, or drop that one.',
    );
  }

  private async locked<T>(tenant: Tenant, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.forOwner(tenant).createQueryRunner();
    try {
      await runner.startTransaction();
      await runner.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`tenancy:${tenant.schema}`]);
      const result = await work(runner);
      await runner.commitTransaction();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

async function grant(tenant: Tenant, role: string, runner: QueryRunner): Promise<void> {
  const schema = pg.escapeIdentifier(tenant.schema);
  await runner.query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
  await runner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`);
  await runner.query(`GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`);
}

function missing(tenant: Tenant): TenantSchemaError {
  return new TenantSchemaError(tenant.schema, `The schema ${tenant.schema} is not there. Create it first.`);
}
