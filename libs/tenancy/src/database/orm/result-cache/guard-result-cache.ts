import type { DataSource } from 'typeorm';
import { DbQueryResultCache } from 'typeorm/cache/DbQueryResultCache.js';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import { ownerOf } from './cache-entry.js';
import { CacheGenerations } from './cache-generations.js';
import { TableCache } from './table-cache.js';
import { TenantResultCache, TenantResultCacheParts } from './tenant-result-cache.js';

/** Puts a tenant's own cache before whatever a DataSource caches results with, now or after `setOptions()`. */
export function guardResultCache(dataSource: DataSource, tenantOf: () => string): void {
  const currentOwner = () => ownerOf(dataSource.driver.database, tenantOf());
  const wrapped = (store: QueryResultCache | undefined) =>
    store && new TenantResultCache(partsOf(dataSource, store, currentOwner));
  let cache = wrapped(dataSource.queryResultCache);
  Object.defineProperty(dataSource, 'queryResultCache', {
    get: () => cache,
    set: (store: QueryResultCache | undefined) => {
      cache = wrapped(store);
    },
  });
}

function partsOf(dataSource: DataSource, store: QueryResultCache, currentOwner: () => string): TenantResultCacheParts {
  if (store instanceof DbQueryResultCache) {
    return new TenantResultCacheParts(new TableCache(dataSource).assertOwn(), currentOwner);
  }
  return new TenantResultCacheParts(store, currentOwner, new CacheGenerations(store));
}
