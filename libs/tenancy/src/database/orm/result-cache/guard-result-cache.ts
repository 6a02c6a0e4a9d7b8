import type { DataSource } from 'typeorm';
import { DbQueryResultCache } from 'typeorm/cache/DbQueryResultCache.js';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import { keyOfRunner } from '../runner-key.js';
import { ownerOf } from './cache-entry.js';
import { CacheGenerations } from './cache-generations.js';
import { TableCache } from './table-cache.js';
import type { EntryOwners } from './tenant-result-cache.js';
import { TenantResultCache, TenantResultCacheParts } from './tenant-result-cache.js';

/** Puts a tenant's own cache before whatever a DataSource caches results with, now or after `setOptions()`. */
export function guardResultCache(dataSource: DataSource, tenantOf: () => string): void {
  const owners: EntryOwners = {
    current: () => ownerOf(dataSource.driver.database, tenantOf()),
    ofRunner: (runner) => {
      const key = keyOfRunner(runner);
      return key === undefined ? undefined : ownerOf(dataSource.driver.database, key);
    },
  };
  const wrapped = (store: QueryResultCache | undefined) =>
    store && new TenantResultCache(partsOf(dataSource, store, owners));
  let cache = wrapped(dataSource.queryResultCache);
  Object.defineProperty(dataSource, 'queryResultCache', {
    get: () => cache,
    set: (store: QueryResultCache | undefined) => {
      cache = wrapped(store);
    },
  });
}

function partsOf(dataSource: DataSource, store: QueryResultCache, owners: EntryOwners): TenantResultCacheParts {
  if (store instanceof DbQueryResultCache) {
    return new TenantResultCacheParts(new TableCache(dataSource).assertOwn(), owners);
  }
  return new TenantResultCacheParts(store, owners, new CacheGenerations(store));
}
