import type { QueryRunner } from 'typeorm';
import { DbQueryResultCache } from 'typeorm/cache/DbQueryResultCache.js';
import { TenancyOptionsError } from '../../../tenancy.errors.js';

/** A cache in a table of the tenant's own schema, which is found as its other tables are. */
export class TableCache extends DbQueryResultCache {
  /** Deletes: TRUNCATE needs a right that a service which does not own the tables has not. */
  override async clear(runner?: QueryRunner): Promise<void> {
    await this.dataSource.createQueryBuilder(runner).delete().from(this.tableName).execute();
  }

  private get tableName(): string {
    const { cache } = this.dataSource.options;
    return (typeof cache === 'object' && cache.tableName) || 'query-result-cache';
  }

  /** Throws where the options name one table for all tenants. */
  assertOwn(): this {
    if (!this.tableName.includes('.')) return this;
    throw new TenancyOptionsError(
      `database.cache.tableName is ${JSON.stringify(this.tableName)}: with a schema it would be one table for all tenants, ` +
        'which each of them could read and empty. Name the table alone; each tenant has one in its own schema.',
    );
  }
}
