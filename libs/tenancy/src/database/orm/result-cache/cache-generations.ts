import { randomUUID } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import { nameOf, unwrap, wrap } from './cache-entry.js';

// The longest that every store can keep, about 25 days. A generation that is lost, for whatever reason, is a cache that was
// cleared.
const LONGEST_MS = 2 ** 31 - 1;

/**
 * What clears one tenant's entries in a store that others share: an entry counts while the generation that it was stored in
 * is its tenant's current one. It is kept in the store itself, so that it is cleared for every instance at once.
 */
export class CacheGenerations {
  constructor(private readonly store: QueryResultCache) {}

  /** The current generation of an owner's entries. The first one is made here. */
  async current(owner: string, runner?: QueryRunner): Promise<string> {
    const found = await this.find(owner, runner);
    const known = found && unwrap(found, { owner, generation: undefined });
    if (known && !this.store.isExpired(known)) return String(known.result);
    return this.renew(owner, runner);
  }

  async renew(owner: string, runner?: QueryRunner): Promise<string> {
    const generation = randomUUID();
    const name = nameOf(owner, 'generation');
    const entry = { identifier: name, query: name, time: Date.now(), duration: LONGEST_MS, result: generation };
    const found = await this.find(owner, runner);
    await this.store.storeInCache(wrap(entry, { owner, generation: undefined }), found, runner);
    return generation;
  }

  private find(owner: string, runner?: QueryRunner): Promise<QueryResultCacheOptions | undefined> {
    const name = nameOf(owner, 'generation');
    return this.store.getFromCache({ identifier: name, query: name, duration: LONGEST_MS }, runner);
  }
}
