import type { QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import { withinOf } from '../orm-tenancy.js';
import type { Within } from '../within.js';
import { nameOf, unwrap, wrap } from './cache-entry.js';
import type { CacheGenerations } from './cache-generations.js';

/** What a query runner was told before it read what it stores now. */
interface Asked {
  readonly name: string;
  readonly generation: string | undefined;
  readonly found: QueryResultCacheOptions | undefined;
}

export class TenantResultCacheParts {
  /** What each query runner asked last: the same that stores the answer. */
  readonly asked = new WeakMap<QueryRunner, Asked>();

  constructor(
    /** TypeORM's own cache, or that of a provider. */
    readonly store: QueryResultCache,
    /** Whose the entries of the running code are; throws where it is bound to nobody. */
    readonly currentOwner: () => string,
    /** Where tenants share the store; `undefined` where each has a store of its own. */
    readonly generations?: CacheGenerations,
  ) {}
}

/**
 * Keeps the results of a tenant's queries apart from those of others. TypeORM knows a query by its text alone, which is the
 * same for all of them.
 */
export class TenantResultCache implements QueryResultCache {
  constructor(
    private readonly parts: TenantResultCacheParts,
    /** Of a view, whose entries are those of its own tenant. */
    private readonly within?: Within,
  ) {}

  /** The same cache for a view. */
  boundTo(within: Within): TenantResultCache {
    return new TenantResultCache(this.parts, within);
  }

  connect(): Promise<void> {
    return this.parts.store.connect();
  }

  disconnect(): Promise<void> {
    return this.parts.store.disconnect();
  }

  synchronize(runner?: QueryRunner): Promise<void> {
    return this.inScope(runner, () => this.parts.store.synchronize(runner));
  }

  isExpired(found: QueryResultCacheOptions): boolean {
    return this.parts.store.isExpired(found);
  }

  getFromCache(options: QueryResultCacheOptions, runner?: QueryRunner): Promise<QueryResultCacheOptions | undefined> {
    return this.inScope(runner, async (owner) => {
      const { store, generations, asked } = this.parts;
      const named = withNames(options, owner);
      // At once: over a network the second question costs nothing.
      const [generation, found] = await Promise.all([
        generations?.current(owner, runner),
        store.getFromCache(named, runner),
      ]);
      if (runner) asked.set(runner, { name: nameIn(named), generation, found });
      return found && unwrap(found, { owner, generation });
    });
  }

  storeInCache(
    options: QueryResultCacheOptions,
    saved: QueryResultCacheOptions | undefined,
    runner?: QueryRunner,
  ): Promise<void> {
    return this.inScope(runner, async (owner) => {
      const { store, generations, asked } = this.parts;
      const named = withNames(options, owner);
      const last = runner && asked.get(runner);
      // Had the cache been cleared since the runner asked, what it read may be older than that.
      const { generation, found } =
        last?.name === nameIn(named) ? last : { generation: await generations?.current(owner, runner), found: saved };
      return store.storeInCache(wrap(named, { owner, generation }), found, runner);
    });
  }

  clear(runner?: QueryRunner): Promise<void> {
    return this.inScope(runner, async (owner) => {
      const { store, generations } = this.parts;
      await (generations ? generations.renew(owner, runner) : store.clear(runner));
    });
  }

  remove(identifiers: string[], runner?: QueryRunner): Promise<void> {
    return this.inScope(runner, (owner) => {
      const names = identifiers.map((identifier) => nameOf(owner, 'id', identifier));
      return this.parts.store.remove(names, runner);
    });
  }

  private async inScope<T>(runner: QueryRunner | undefined, work: (owner: string) => Promise<T>): Promise<T> {
    // A view's query runner works for that view, whichever query builder it was given to.
    const within = runner ? withinOf(runner.dataSource) : this.within;
    return within ? within(() => work(this.parts.currentOwner())) : work(this.parts.currentOwner());
  }
}

function withNames(options: QueryResultCacheOptions, owner: string): QueryResultCacheOptions {
  const { identifier, query } = options;
  return {
    ...options,
    ...(identifier ? { identifier: nameOf(owner, 'id', identifier) } : {}),
    ...(query ? { query: nameOf(owner, 'sql', query) } : {}),
  };
}

/** What TypeORM's own stores find an entry by. */
function nameIn({ identifier, query }: QueryResultCacheOptions): string {
  return identifier || query || '';
}
