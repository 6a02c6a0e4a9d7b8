import type { QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import { withinOf } from '../orm-tenancy.js';
import type { Within } from '../within.js';
import type { EntryHeader } from './cache-entry.js';
import { nameOf, unwrap, wrap } from './cache-entry.js';
import type { CacheGenerations } from './cache-generations.js';

/** Who asked by a query runner, and what it was told before it read what it stores now. */
interface Asked extends EntryHeader {
  readonly found: QueryResultCacheOptions | undefined;
}

/** Whose an entry would be. */
export interface EntryOwners {
  /** The running code's owner. Throws where it is bound to nobody. */
  current(): string;
  /** Whose rows a query runner reads; `undefined` where it has read none. */
  ofRunner(runner: QueryRunner): string | undefined;
}

export class TenantResultCacheParts {
  /** What each query runner asked and has no answer to, by what TypeORM calls it: the same runner stores the answer. */
  readonly asked = new WeakMap<QueryRunner, Map<string, Asked>>();

  constructor(
    /** TypeORM's own cache, or that of a provider. */
    readonly store: QueryResultCache,
    readonly owners: EntryOwners,
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
      const { store, generations, owners } = this.parts;
      const named = withNames(options, owner);
      // At once: over a network the second question costs nothing.
      const [generation, found] = await Promise.all([
        generations?.current(owner, runner),
        store.getFromCache(named, runner),
      ]);
      const known = found && unwrap(found, { owner, generation });
      if (runner && (!known || store.isExpired(known))) this.remember(runner, options, { owner, generation, found });
      // Whoever is current by now did not ask: the database has to answer that one.
      return owners.current() === owner ? known : undefined;
    });
  }

  storeInCache(
    options: QueryResultCacheOptions,
    saved: QueryResultCacheOptions | undefined,
    runner?: QueryRunner,
  ): Promise<void> {
    return this.inScope(runner, async (owner) => {
      const { store, generations } = this.parts;
      const asked = runner
        ? this.takeAsked(runner, options, owner)
        : { owner, generation: await generations?.current(owner), found: saved };
      if (asked) await store.storeInCache(wrap(withNames(options, owner), asked), asked.found, runner);
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

  private remember(runner: QueryRunner, options: QueryResultCacheOptions, asked: Asked): void {
    const all = this.parts.asked.get(runner) ?? new Map<string, Asked>();
    this.parts.asked.set(runner, all.set(nameIn(options), asked));
  }

  /**
   * What was asked before what is to be stored was read. `undefined` where it must not be stored: somebody else asked, or
   * is answered, than who is current by now.
   */
  private takeAsked(runner: QueryRunner, options: QueryResultCacheOptions, owner: string): Asked | undefined {
    const { asked: everybody, owners } = this.parts;
    const name = nameIn(options);
    const asked = everybody.get(runner)?.get(name);
    everybody.get(runner)?.delete(name);
    const isSame = asked?.owner === owner && (owners.ofRunner(runner) ?? owner) === owner;
    return isSame ? asked : undefined;
  }

  private async inScope<T>(runner: QueryRunner | undefined, work: (owner: string) => Promise<T>): Promise<T> {
    // A view's query runner works for that view, whichever query builder it was given to.
    const within = runner ? withinOf(runner.dataSource) : this.within;
    return within ? within(() => work(this.parts.owners.current())) : work(this.parts.owners.current());
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
