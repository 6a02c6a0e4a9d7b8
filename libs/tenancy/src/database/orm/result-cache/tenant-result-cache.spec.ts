import { createClient } from '@keyv/redis';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import type { QueryResultCache } from 'typeorm/cache/QueryResultCache.js';
import type { QueryResultCacheOptions } from 'typeorm/cache/QueryResultCacheOptions.js';
import { RedisQueryResultCache } from 'typeorm/cache/RedisQueryResultCache.js';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Author, Book, BOOKSHOP, createBookshop, fillBookshop } from '../../../../../../test/support/bookshop.js';
import { useTestDatabase } from '../../../../../../test/support/test-database.js';
import { runInScope } from '../../../context/tenancy-scope.js';
import { TenancyOptionsError, TenantContextMissingError, TenantMismatchError } from '../../../tenancy.errors.js';
import { TenantSchemaService } from '../../../schemas/tenant-schema.service.js';
import { defineTenant } from '../../../tenants/tenant.js';
import { TenantDataSourceFactory } from '../../tenant-data-source.factory.js';
import type { TenantDatabaseOptions } from '../../tenant-database-options.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);
const asSystem = <T>(work: () => T): T => runInScope({ system: true }, work);
const HOUR = 3_600_000;
const redisUrl = process.env.TEST_REDIS_URL;
const database = useTestDatabase();
let factories: TenantDataSourceFactory[] = [];

/** A provider that keeps entries as TypeORM's own keep them: by what they are called. */
class MemoryCache implements QueryResultCache {
  readonly entries = new Map<string, QueryResultCacheOptions>();
  async connect(): Promise<void> {}
  async disconnect(): Promise<void> {}
  async synchronize(): Promise<void> {}
  isExpired({ time = 0, duration }: QueryResultCacheOptions): boolean {
    return time + duration < Date.now();
  }
  async getFromCache(asked: QueryResultCacheOptions): Promise<QueryResultCacheOptions | undefined> {
    return this.entries.get(nameIn(asked));
  }
  async storeInCache(entry: QueryResultCacheOptions): Promise<void> {
    this.entries.set(nameIn(entry), entry);
  }
  async clear(): Promise<void> {
    this.entries.clear();
  }
  async remove(identifiers: string[]): Promise<void> {
    for (const identifier of identifiers) this.entries.delete(identifier);
  }
}
const nameIn = ({ identifier, query }: QueryResultCacheOptions): string => identifier || query!;

/** TypeORM's own Redis cache, with the client that this monorepo has. */
class RedisCache extends RedisQueryResultCache {
  constructor(dataSource: DataSource) {
    super(dataSource, 'redis');
  }
  protected override loadRedis(): unknown {
    return { createClient: () => createClient({ url: redisUrl }) };
  }
}

async function start(
  cache: TenantDatabaseOptions['cache'],
  migrations: TenantDatabaseOptions['migrations'] = [],
): Promise<TenantDataSourceFactory> {
  const options = { url: database.appUrl, entities: BOOKSHOP, cache, migrations };
  const factory = new TenantDataSourceFactory(options, async (id) => (id === 'acme' ? acme : globex));
  await factory.initialize();
  factories.push(factory);
  return factory;
}

/** The table of a cache in the database is each schema's own. A migration makes it like this. */
async function makeTables(factory: TenantDataSourceFactory): Promise<void> {
  for (const view of [factory.forTenant(acme), factory.forTenant(globex), factory.system]) {
    const runner = view.createQueryRunner();
    await runner.dataSource.queryResultCache?.synchronize(runner);
    await runner.release();
  }
}

const inMemory = (cache = new MemoryCache()) => ({ provider: () => cache });
const STORES: Array<[string, () => Promise<TenantDataSourceFactory>]> = [
  ['of a provider', () => start(inMemory())],
  [
    'in the database',
    async () => {
      const factory = await start(true);
      await makeTables(factory);
      return factory;
    },
  ],
];
if (redisUrl) STORES.push(['in Redis', () => start({ provider: (dataSource) => new RedisCache(dataSource) })]);

beforeAll(() => createBookshop(database, [acme.schema, globex.schema]));
beforeEach(async () => {
  for (const { id, schema } of [acme, globex]) await fillBookshop(database, schema, id);
});
afterEach(async () => {
  for (const factory of factories) await factory.destroy();
  factories = [];
  await database.query('DROP TABLE IF EXISTS t_acme."query-result-cache", t_globex."query-result-cache"');
  await removeFromRedis();
});

/** Others may use the same Redis. */
async function removeFromRedis(): Promise<void> {
  if (!redisUrl) return;
  const client = createClient({ url: redisUrl });
  await client.connect();
  const name = new URL(database.url).pathname.slice(1);
  for await (const keys of client.scanIterator({ MATCH: `*${name}*` })) if (keys.length > 0) await client.del(keys);
  await client.close();
}

/** What only a cache still knows afterwards. */
const changeAll = async () => {
  for (const schema of ['t_acme', 't_globex']) {
    await database.query(`UPDATE ${schema}.books SET title = 'changed'; UPDATE ${schema}.authors SET name = 'changed'`);
  }
};

type Read = (dataSource: DataSource) => Promise<unknown>;
const READS: Array<[string, Read]> = [
  ['find({ cache: true })', (source) => source.manager.find(Book, { cache: true, order: { id: 'ASC' } })],
  ['find({ cache: ms })', (source) => source.manager.find(Book, { cache: HOUR, order: { id: 'ASC' } })],
  [
    'find({ cache: { id, ms } })',
    (source) => source.manager.find(Book, { cache: { id: 'books', milliseconds: HOUR } }),
  ],
  ['findOne()', (source) => source.manager.findOne(Book, { where: { id: 1 }, cache: HOUR })],
  [
    'findAndCount()',
    (source) => source.manager.findAndCount(Book, { take: 1, cache: { id: 'page', milliseconds: HOUR } }),
  ],
  [
    'a page of a join',
    (source) => source.manager.find(Book, { take: 1, order: { id: 'ASC' }, relations: { author: true }, cache: HOUR }),
  ],
  [
    'cache(ms), with raw rows',
    (source) => source.createQueryBuilder(Book, 'b').select('b.title').cache(HOUR).getRawMany(),
  ],
  ['cache(id, ms)', (source) => source.createQueryBuilder(Author, 'a').cache('authors', HOUR).getMany()],
];

describe.each(STORES)('a cache %s', (_where, open) => {
  it.each(READS)('answers each tenant with its own rows: %s', async (_what, read) => {
    const factory = await open();
    const { dataSource } = factory;
    const expected = [
      JSON.stringify(await asAcme(() => read(dataSource))),
      JSON.stringify(await asGlobex(() => read(dataSource))),
    ];
    expect(expected[0]).toContain('of acme');
    expect(expected[1]).toContain('of globex');
    if (read !== READS[0][1]) await changeAll();
    expect([
      JSON.stringify(await asAcme(() => read(dataSource))),
      JSON.stringify(await asGlobex(() => read(dataSource))),
      JSON.stringify(await asGlobex(() => read(factory.forTenant(acme)))),
      JSON.stringify(await asAcme(() => read(factory.forTenant('globex')))),
    ]).toEqual([...expected, ...expected]);
  });

  const read: Read = READS[2][1];
  const titles = async (source: DataSource) => ((await read(source)) as Book[]).map(({ title }) => title).sort();

  it('is cleared for the current tenant alone, or for that of a view', async () => {
    const factory = await open();
    const { dataSource } = factory;
    const both = async () => [await asAcme(() => titles(dataSource)), await asGlobex(() => titles(dataSource))];
    const [ofAcme, ofGlobex] = await both();
    await changeAll();
    await asAcme(() => dataSource.queryResultCache!.clear());
    expect(await both()).toEqual([['changed', 'changed'], ofGlobex]);
    await database.query("UPDATE t_acme.books SET title = 'again'");
    await asAcme(() => factory.forTenant('globex').queryResultCache!.clear());
    expect(await both()).toEqual([
      ['changed', 'changed'],
      ['changed', 'changed'],
    ]);
    expect(ofAcme).not.toEqual(ofGlobex);
  });

  it('forgets an identifier for the current tenant alone, or for that of a view', async () => {
    const factory = await open();
    const { dataSource } = factory;
    const both = async () => [await asAcme(() => titles(dataSource)), await asGlobex(() => titles(dataSource))];
    const [ofAcme, ofGlobex] = await both();
    await changeAll();
    await asGlobex(() => dataSource.queryResultCache!.remove(['books']));
    expect(await both()).toEqual([ofAcme, ['changed', 'changed']]);
    await asGlobex(() => factory.forTenant(acme).queryResultCache!.remove(['books']));
    expect((await both())[0]).toEqual(['changed', 'changed']);
    expect(ofGlobex).toEqual(['book of globex', 'novel of globex']);
  });

  it('is the system’s own for the system', async () => {
    const { dataSource, system } = await open();
    const whose = (source: DataSource) => source.createQueryBuilder().select('current_schema()', 's').fromDummy();
    const ask = (source: DataSource) => whose(source).cache('whose', HOUR).getRawOne();
    expect(await asAcme(() => ask(dataSource))).toEqual({ s: 't_acme' });
    expect(await asAcme(() => ask(system))).toEqual({ s: 'public' });
    expect(await asSystem(() => ask(dataSource))).toEqual({ s: 'public' });
    await asAcme(() => system.queryResultCache!.clear());
    expect(await asAcme(() => ask(dataSource))).toEqual({ s: 't_acme' });
  });

  it('refuses to answer, to clear or to forget without a tenant', async () => {
    const { dataSource } = await open();
    await asAcme(() => read(dataSource));
    await expect(read(dataSource)).rejects.toThrow(TenantContextMissingError);
    await expect(dataSource.queryResultCache!.clear()).rejects.toThrow(TenantContextMissingError);
    await expect(dataSource.queryResultCache!.remove(['books'])).rejects.toThrow(TenantContextMissingError);
  });

  it('answers within a transaction, and as the tenant whose query runner it is', async () => {
    const factory = await open();
    const { dataSource } = factory;
    await asGlobex(() => titles(dataSource));
    const runner = factory.forTenant('acme').createQueryRunner();
    const ask = () => asGlobex(() => dataSource.createQueryBuilder(Book, 'b', runner).cache('books', HOUR).getMany());
    for (let n = 0; n < 2; n += 1)
      expect((await ask()).map(({ title }) => title).sort()).toEqual(['book of acme', 'novel of acme']);
    await runner.release();
    const [book] = await asAcme(() => dataSource.transaction((manager) => manager.find(Book, { cache: HOUR })));
    await expect(asGlobex(() => dataSource.manager.save(book))).rejects.toThrow(TenantMismatchError);
  });

  it('answers for as long as it was told to', async () => {
    const { dataSource } = await open();
    const ask = () => asAcme(() => dataSource.manager.find(Book, { cache: { id: 'books', milliseconds: 1 } }));
    await ask();
    await changeAll();
    await expect.poll(async () => (await ask()).map(({ title }) => title)).toEqual(['changed', 'changed']);
  });
});

describe('a store that answers with what it was not asked for', () => {
  it('is not believed', async () => {
    /** It keeps one entry, and answers everyone with it. */
    class Confused extends MemoryCache {
      override async getFromCache(): Promise<QueryResultCacheOptions | undefined> {
        return [...this.entries.values()].at(-1);
      }
    }
    const { dataSource } = await start(inMemory(new Confused()));
    const titles = async () => (await dataSource.manager.find(Book, { cache: HOUR })).map(({ title }) => title).sort();
    for (let n = 0; n < 3; n += 1) {
      expect(await asAcme(titles)).toEqual(['book of acme', 'novel of acme']);
      expect(await asGlobex(titles)).toEqual(['book of globex', 'novel of globex']);
    }
  });

  it('is not believed about a single entry either', async () => {
    const cache = new MemoryCache();
    const { dataSource } = await start(inMemory(cache));
    const read = () => dataSource.manager.find(Book, { cache: { id: 'books', milliseconds: HOUR } });
    await asAcme(read);
    await asGlobex(read);
    const [ofAcme, ofGlobex] = ['acme', 'globex'].map((id) =>
      [...cache.entries.keys()].find((key) => key.includes(`tenant ${id}`) && key.endsWith('books'))!,
    );
    cache.entries.set(ofGlobex, cache.entries.get(ofAcme)!);
    expect((await asGlobex(read)).map(({ title }) => title).sort()).toEqual(['book of globex', 'novel of globex']);
    cache.entries.set(ofGlobex, { ...cache.entries.get(ofGlobex)!, result: '[]' });
    expect(await asGlobex(read)).toHaveLength(2);
  });
});

describe('a store that instances share', () => {
  const read = (factory: TenantDataSourceFactory) =>
    asAcme(() => factory.dataSource.manager.find(Book, { cache: { id: 'books', milliseconds: HOUR } }));

  it('is cleared for all of them at once', async () => {
    const cache = new MemoryCache();
    const [first, second] = [await start(inMemory(cache)), await start(inMemory(cache))];
    await read(first);
    await changeAll();
    expect((await read(second))[0].title).not.toBe('changed');
    await asAcme(() => first.dataSource.queryResultCache!.clear());
    expect((await read(second))[0].title).toBe('changed');
  });

  it('does not keep what was read before it was cleared', async () => {
    const { dataSource } = await start(inMemory());
    const cache = dataSource.queryResultCache!;
    const runner = { dataSource } as QueryRunner;
    const asked = { query: 'SELECT 1', duration: HOUR };
    await asAcme(async () => {
      expect(await cache.getFromCache(asked, runner)).toBeUndefined();
      await cache.clear();
      await cache.storeInCache({ ...asked, time: Date.now(), result: '"old"' }, undefined, runner);
      expect(await cache.getFromCache(asked, runner)).toBeUndefined();
      await cache.storeInCache({ ...asked, time: Date.now(), result: '"new"' }, undefined, runner);
      expect(await cache.getFromCache(asked)).toMatchObject({ result: '"new"' });
    });
  });

  it('does not grow with what is cleared, and is cleared where it lost a tenant’s generation', async () => {
    const cache = new MemoryCache();
    const factory = await start(inMemory(cache));
    await read(factory);
    const size = cache.entries.size;
    for (let n = 0; n < 10; n += 1) {
      await asAcme(() => factory.dataSource.queryResultCache!.clear());
      await read(factory);
    }
    expect(cache.entries.size).toBe(size);
    await changeAll();
    for (const key of cache.entries.keys()) if (key.includes('generation')) cache.entries.delete(key);
    expect((await read(factory))[0].title).toBe('changed');
  });

  it('keeps the tenants of two databases apart', async () => {
    const cache = new MemoryCache();
    await read(await start(inMemory(cache)));
    const name = new URL(database.url).pathname.slice(1);
    expect([...cache.entries.keys()].every((key) => key.startsWith(`["${name}","tenant acme (t_acme)"] `))).toBe(true);
  });
});

describe.skipIf(!redisUrl)('a Redis that others use too', () => {
  it('keeps what is theirs when a tenant’s cache is cleared', async () => {
    const client = createClient({ url: redisUrl });
    await client.connect();
    const key = `${new URL(database.url).pathname.slice(1)} of somebody else`;
    await client.set(key, 'here');
    const { dataSource } = await start({ provider: (source) => new RedisCache(source) });
    await asAcme(() => dataSource.manager.find(Book, { cache: HOUR }));
    await asAcme(() => dataSource.queryResultCache!.clear());
    expect(await client.getDel(key)).toBe('here');
    await client.close();
  });
});

describe('a cache in the database', () => {
  it('is a table in the schema of each tenant', async () => {
    const factory = await start({ type: 'database', tableName: 'results', duration: HOUR });
    await makeTables(factory);
    await asAcme(() => factory.dataSource.manager.find(Book, { cache: true }));
    expect(await database.query('SELECT count(*)::int FROM t_acme.results')).toEqual([{ count: 1 }]);
    expect(await database.query('SELECT count(*)::int FROM t_globex.results')).toEqual([{ count: 0 }]);
  });

  it('is made by a migration', async () => {
    class MakeCache1700000000001 implements MigrationInterface {
      async up(runner: QueryRunner): Promise<void> {
        await runner.dataSource.queryResultCache?.synchronize(runner);
      }
      async down(): Promise<void> {}
    }
    const initech = defineTenant({ id: 'initech', schema: 't_initech' });
    const factory = await start(true, [MakeCache1700000000001]);
    await new TenantSchemaService(factory.dataSource, (tenant) => factory.forTenant(tenant)).create(initech);
    const ask = () =>
      factory.forTenant(initech).createQueryBuilder().select('now()::text', 'n').fromDummy().cache(HOUR).getRawOne();
    expect(await ask()).toEqual(await ask());
  });

  it('is cleared by a service that may only read and write', async () => {
    const factory = await start(true);
    await makeTables(factory);
    await database.query(
      `ALTER TABLE t_acme."query-result-cache" OWNER TO CURRENT_USER;
       GRANT SELECT, INSERT, UPDATE, DELETE ON t_acme."query-result-cache" TO ${database.appRole};
       GRANT USAGE ON SEQUENCE t_acme."query-result-cache_id_seq" TO ${database.appRole}`,
    );
    const read = () => asAcme(() => factory.dataSource.manager.find(Book, { cache: HOUR }));
    await read();
    await changeAll();
    await asAcme(() => factory.dataSource.queryResultCache!.clear());
    expect((await read())[0].title).toBe('changed');
  });

  it('reads nobody else’s where a tenant has none', async () => {
    const { dataSource, system } = await start(true);
    const runner = system.createQueryRunner();
    await runner.dataSource.queryResultCache!.synchronize(runner);
    await runner.release();
    await expect(asAcme(() => dataSource.manager.find(Book, { cache: true }))).rejects.toThrow('does not exist');
  });

  it('is refused as one table for all of them', () => {
    expect(
      () =>
        new TenantDataSourceFactory({ url: database.appUrl, cache: { tableName: 'public.results' } }, async () => acme),
    ).toThrow(TenancyOptionsError);
  });
});

describe('a cache that is set later, or always used', () => {
  it('is each tenant’s own as well', async () => {
    const { dataSource } = await start(undefined);
    dataSource.setOptions({ cache: { ...inMemory(), alwaysEnabled: true, duration: HOUR } });
    const titles = async () => (await dataSource.manager.find(Book)).map(({ title }) => title).sort();
    for (let n = 0; n < 2; n += 1) {
      expect(await asAcme(titles)).toEqual(['book of acme', 'novel of acme']);
      expect(await asGlobex(titles)).toEqual(['book of globex', 'novel of globex']);
      await changeAll();
    }
  });
});
