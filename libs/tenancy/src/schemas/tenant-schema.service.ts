import pg from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';
import { SchemaGrants } from './schema-grants.js';
import { lockSchema } from './schema-lock.js';
import { SchemaMaker } from './schema-maker.js';
import { hasOwnSchema, missingSchema } from './schema-owner.js';
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
  private readonly grants: SchemaGrants;
  private readonly maker: SchemaMaker;

  constructor(
    private readonly dataSource: DataSource,
    /** Works in a tenant's schema as the owner of what it makes there: `factory.forOwner`. */
    private readonly forOwner: (tenant: Tenant) => DataSource,
    grantTo: readonly string[] = [],
    /** Gives each tenant a role of its own; without it the roles of `grantTo` use the tables themselves. */
    roles?: TenantRoles,
  ) {
    this.grants = new SchemaGrants(grantTo, roles);
    this.maker = new SchemaMaker(dataSource, this.grants);
  }

  /**
   * Creates a tenant's schema and brings it up to date. Repeating it is safe. A schema of that name that was not made for
   * this tenant is refused, so that nobody inherits what another tenant left.
   */
  async create(init: Tenant): Promise<TenantSchemaStatus> {
    const tenant = defineTenant(init);
    return this.locked(tenant, async (runner) => {
      await this.maker.create(tenant, runner);
      return this.statusOf(tenant, runner);
    });
  }

  /** Runs the pending migrations of a tenant's schema. */
  async migrate(init: Tenant): Promise<TenantSchemaStatus> {
    const tenant = defineTenant(init);
    return this.locked(tenant, async (runner) => {
      if (!(await hasOwnSchema(tenant, runner))) throw missingSchema(tenant);
      await this.maker.bringUpToDate(tenant, runner);
      return this.statusOf(tenant, runner);
    });
  }

  async status(init: Tenant): Promise<TenantSchemaStatus> {
    const tenant = defineTenant(init);
    return this.locked(tenant, async (runner) => {
      const exists = await hasOwnSchema(tenant, runner);
      return this.statusOf(tenant, exists ? runner : undefined);
    });
  }

  /** Drops a tenant's schema and all that is in it, and the tenant's role. Dropping one that is not there is no error. */
  async drop(init: Tenant): Promise<void> {
    const tenant = defineTenant(init);
    await this.locked(tenant, async (runner) => {
      if (await hasOwnSchema(tenant, runner)) {
        await runner.query(`DROP SCHEMA ${pg.escapeIdentifier(tenant.schema)} CASCADE`);
      }
      await this.grants.drop(tenant, runner);
    });
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

  private async locked<T>(tenant: Tenant, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const runner = this.forOwner(tenant).createQueryRunner();
    try {
      await runner.startTransaction();
      await lockSchema(tenant.schema, runner);
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
