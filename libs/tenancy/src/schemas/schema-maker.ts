import pg from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { MigrationExecutor } from 'typeorm';
import { tenantSchemaMark } from '../tenants/tenant-role.js';
import type { Tenant } from '../tenants/tenant.js';
import type { SchemaGrants } from './schema-grants.js';
import { hasOwnSchema } from './schema-owner.js';

/** Makes schemas and brings them up to date, in a transaction that is open already. */
export class SchemaMaker {
  constructor(
    private readonly dataSource: DataSource,
    private readonly grants: SchemaGrants,
  ) {}

  /** Makes a tenant's schema where it is missing, and brings it up to date. */
  async create(tenant: Tenant, runner: QueryRunner): Promise<void> {
    if (!(await hasOwnSchema(tenant, runner))) {
      const schema = pg.escapeIdentifier(tenant.schema);
      await runner.query(`CREATE SCHEMA ${schema}`);
      await runner.query(`COMMENT ON SCHEMA ${schema} IS ${pg.escapeLiteral(tenantSchemaMark(tenant.id))}`);
    }
    await this.bringUpToDate(tenant, runner);
  }

  async bringUpToDate(tenant: Tenant, runner: QueryRunner): Promise<void> {
    const executor = new MigrationExecutor(this.dataSource, runner);
    // The transaction is already open: the executor joins it.
    executor.transaction = 'all';
    await executor.executePendingMigrations();
    await this.grants.provide(tenant, runner);
  }
}
