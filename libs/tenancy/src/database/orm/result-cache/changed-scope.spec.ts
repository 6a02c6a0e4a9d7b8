import type { DataSource, EntitySubscriberInterface, SelectQueryBuilder } from 'typeorm';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Book, BOOKSHOP, createBookshop, fillBookshop } from '../../../../../../test/support/bookshop.js';
import { useTestDatabase } from '../../../../../../test/support/test-database.js';
import { currentScope, runInScope } from '../../../context/tenancy-scope.js';
import { TenantMismatchError } from '../../../tenancy.errors.js';
import type { Tenant } from '../../../tenants/tenant.js';
import { defineTenant } from '../../../tenants/tenant.js';
import type { TenantDatabaseOptions } from '../../tenant-database-options.js';
import { TenantDataSourceFactory } from '../../tenant-data-source.factory.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);
const HOUR = 3_600_000;
const OF_ACME = ['book of acme', 'novel of acme'];
const OF_GLOBEX = ['book of globex', 'novel of globex'];
const database = useTestDatabase();
let factory: TenantDataSourceFactory;
let dataSource: DataSource;

/** As `TenantContext.set()` does. */
const become = (tenant: Tenant): void => void (currentScope()!.tenant = tenant);

/** A provider that instances share; `onAsked` runs while it is asked for the books. */
class SharedCache {
  readonly entries = new Map<string, QueryResultCacheOptions>();
  onAsked: () => void = () => undefined;
  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {}
  async synchronize(): Promise<void> {}
  isExpired(): boolean {
    return false;
  }
  async getFromCache({ identifier, query }: QueryResultCacheOptions): Promise<QueryResultCacheOptions | undefined> {
    const name = identifier || query!;
    if (name.includes('books')) this.onAsked();
    return this.entries.get(name);
  }
  async storeInCache(entry: QueryResultCacheOptions): Promise<void> {
    this.entries.set(entry.identifier || entry.query!, entry);
  }
  async clear(): Promise<void> {}
  async remove(): Promise<void> {}
}

async function start(cache: TenantDatabaseOptions['cache']): Promise<void> {
  const options = { url: database.appUrl, entities: BOOKSHOP, cache };
  factory = new TenantDataSourceFactory(options, async (id) => (id === 'acme' ? acme : globex));
  await factory.initialize();
  ({ dataSource } = factory);
}

async function startWithTables(): Promise<void> {
  await start(true);
  for (const tenant of [acme, globex]) {
    const runner = factory.forTenant(tenant).createQueryRunner();
    await runner.dataSource.queryResultCache!.synchronize(runner);
    await runner.release();
  }
}

beforeAll(() => createBookshop(database, [acme.schema, globex.schema]));
beforeEach(async () => {
  for (const { id, schema } of [acme, globex]) await fillBookshop(database, schema, id);
});
afterEach(async () => {
  await factory.destroy();
  await database.query('DROP TABLE IF EXISTS t_acme."query-result-cache", t_globex."query-result-cache"');
});

type Books = SelectQueryBuilder<Book>;
type Read = (source: DataSource) => Promise<string[]>;
const query = (source: DataSource): Books => source.createQueryBuilder(Book, 'b').orderBy('b.id').cache('books', HOUR);
const raw: Read = async (source) => (await query(source).getRawMany<{ b_title: string }>()).map((row) => row.b_title);
const entities: Read = async (source) => (await query(source).getMany()).map(({ title }) => title);

/** Runs work while whatever reads the books meets a change of the scope, once: when they have been read. */
async function whenRead(change: () => void, work: () => Promise<unknown>): Promise<void> {
  const subscriber: EntitySubscriberInterface = {
    afterQuery: (event) => {
      if (!event.query.includes('FROM "books"')) return;
      dataSource.subscribers.splice(dataSource.subscribers.indexOf(subscriber), 1);
      change();
    },
  };
  dataSource.subscribers.push(subscriber);
  await work();
  expect(dataSource.subscribers).not.toContain(subscriber);
}

describe.each([
  ['of a provider', () => start({ provider: () => new SharedCache() })],
  ['in the database', startWithTables],
])('a cache %s, while the scope becomes another tenant’s', (_where, open) => {
  beforeEach(open);

  /** Everybody, and twice: the second time it is the cache that answers. */
  async function expectOwn(read: Read): Promise<void> {
    for (let n = 0; n < 2; n += 1) {
      expect(await asGlobex(() => read(dataSource))).toEqual(OF_GLOBEX);
      expect(await asAcme(() => read(dataSource))).toEqual(OF_ACME);
      expect(await asAcme(() => read(factory.forTenant('globex')))).toEqual(OF_GLOBEX);
    }
  }

  it('does not keep the rows of one for the other', async () => {
    await whenRead(
      () => become(globex),
      () => asAcme(() => raw(dataSource)),
    );
    await expectOwn(raw);
  });

  it('does not keep what no entities were made of', async () => {
    await whenRead(
      () => become(globex),
      () => expect(asAcme(() => entities(dataSource))).rejects.toThrow(TenantMismatchError),
    );
    await expectOwn(entities);
  });

  it('keeps for a view what is its own', async () => {
    await asAcme(async () => {
      const reading = raw(factory.forTenant(globex));
      become(defineTenant({ id: 'initech', schema: 't_initech' }));
      expect(await reading).toEqual(OF_GLOBEX);
    });
    await database.query("UPDATE t_globex.books SET title = 'changed'");
    expect(await asGlobex(() => raw(dataSource))).toEqual(OF_GLOBEX);
    expect(await asAcme(() => raw(dataSource))).toEqual(OF_ACME);
  });

  it('does not keep for a view what its scope has become meanwhile', async () => {
    await whenRead(
      () => become(globex),
      () => asGlobex(() => raw(factory.forTenant(acme))),
    );
    await expectOwn(raw);
  });
});

describe('a cache, while the scope becomes another tenant’s before it has answered', () => {
  let cache: SharedCache;
  beforeEach(async () => {
    cache = new SharedCache();
    await start({ provider: () => cache });
  });

  const becomeOnce = (tenant: Tenant): void => {
    cache.onAsked = () => {
      cache.onAsked = () => undefined;
      become(tenant);
    };
  };

  it('leaves the answer to the database, which answers whoever is current then', async () => {
    await asAcme(() => raw(dataSource));
    becomeOnce(globex);
    expect(await asAcme(() => raw(dataSource))).toEqual(OF_GLOBEX);
    becomeOnce(globex);
    await expect(asAcme(() => entities(dataSource))).rejects.toThrow(TenantMismatchError);
    expect(await asAcme(() => raw(dataSource))).toEqual(OF_ACME);
    expect(await asGlobex(() => raw(dataSource))).toEqual(OF_GLOBEX);
  });

  it('keeps nothing for who did not ask', async () => {
    becomeOnce(globex);
    expect(await asAcme(() => raw(dataSource))).toEqual(OF_GLOBEX);
    expect([...cache.entries.keys()].filter((name) => name.includes('books'))).toEqual([]);
  });

  it('keeps nothing that was read as another than who asked, though that one is current again', async () => {
    becomeOnce(globex);
    await whenRead(
      () => become(acme),
      () => asAcme(() => raw(dataSource)),
    );
    expect(await asAcme(() => raw(dataSource))).toEqual(OF_ACME);
    expect(await asGlobex(() => raw(dataSource))).toEqual(OF_GLOBEX);
  });

  it('makes no entities of one of the rows that were read as the other', async () => {
    becomeOnce(globex);
    await whenRead(
      () => become(acme),
      () => expect(asAcme(() => entities(dataSource))).rejects.toThrow(TenantMismatchError),
    );
    expect(await asAcme(() => entities(dataSource))).toEqual(OF_ACME);
  });

  it('keeps nothing that one query runner read for another than who asked it last', async () => {
    const runner = dataSource.createQueryRunner();
    const ask = () => dataSource.createQueryBuilder(Book, 'b', runner).cache('books', HOUR).getRawMany();
    await whenRead(
      () => become(globex),
      () =>
        asAcme(async () => {
          const reading = ask();
          await asGlobex(() =>
            dataSource.queryResultCache!.getFromCache({ identifier: 'books', duration: HOUR }, runner),
          );
          await reading;
        }),
    );
    await runner.release();
    expect(await asGlobex(() => raw(dataSource))).toEqual(OF_GLOBEX);
    expect(await asAcme(() => raw(dataSource))).toEqual(OF_ACME);
  });
});
