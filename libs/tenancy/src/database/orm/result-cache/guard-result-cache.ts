import type { DataSource } from 'typeorm';
import { DbQueryResultCache } from 'typeorm/cache/DbQueryResultCache.js';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import { TenancyOptionsError } from '../../../tenancy.errors.js';
import { ownerOf } from './cache-entry.js';
import { CacheGenerations } from './cache-generations.js';
import { TenantResultCache, TenantResultCacheParts } from './tenant-result-cache.js';

/** Puts a tenant's own cache before whatever a DataSource caches results with, now or after `setOptions()`. */
export function guardResultCache(dataSource: DataSource, tenantOf: () => string): void {
  const currentOwner = () => ownerOf(dataSource.driver.database, tenantOf());
  let cache = wrapped(dataSource, currentOwner, dataSource.queryResultCache);
  Object.defineProperty(dataSource, 'queryResultCache', {
    get: () => cache,
    set: (store: QueryResultCache | undefined) => {
      cache = wrapped(dataSource, currentOwner, store);
    },
  });
}

function wrapped(
  dataSource: DataSource,
  currentOwner: () => string,
  store: QueryResultCache | undefined,
): TenantResultCache | undefined {
  if (!store) return undefined;
  if (!(store instanceof DbQueryResultCache)) {
    return new TenantResultCache(new TenantResultCacheParts(store, currentOwner, new CacheGenerations(store)));
  }
  const { cache } = dataSource.options;
  const table = typeof cache === 'object' ? cache.tableName : undefined;
  if (table?.includes('.')) {
    throw new TenancyOptionsError(
      `database.cache.tableName is ${JSON.stringify(table)}: with a schema it would be one table for all tenants, which ` +
        'each of them could read and empty. Name the table alone; each tenant has one in its own schema.',
    );
  }
  return new TenantResultCache(new TenantResultCacheParts(store, currentOwner));
}
