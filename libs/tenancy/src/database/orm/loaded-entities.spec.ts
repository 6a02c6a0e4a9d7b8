import pg from 'pg';
import type { DataSource, EntityManager } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Author,
  Book,
  BOOKSHOP,
  createBookshop,
  Currency,
  fillBookshop,
  Novel,
  Review,
  Shelf,
  Subject,
} from '../../../../../test/support/bookshop.js';
import type { Price } from '../../../../../test/support/bookshop.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import type { TenancyScope } from '../../context/tenancy-scope.js';
import { runInScope } from '../../context/tenancy-scope.js';
import { TenantMismatchError } from '../../tenancy.errors.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantDataSourceFactory } from '../tenant-data-source.factory.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);
const database = useTestDatabase();
let factory: TenantDataSourceFactory;
let dataSource: DataSource;

beforeAll(async () => {
  await createBookshop(database, [acme.schema, globex.schema]);
  factory = new TenantDataSourceFactory({ url: database.appUrl, entities: BOOKSHOP }, async (id) =>
    id === 'acme' ? acme : globex,
  );
  await factory.initialize();
  ({ dataSource } = factory);
});
afterAll(() => factory.destroy());
beforeEach(async () => {
  for (const { id, schema } of [acme, globex]) await fillBookshop(database, schema, id);
});

const isRefusedAsGlobex = (entity: object, target: unknown = entity.constructor) =>
  expect(asGlobex(() => dataSource.manager.save(target as never, entity as never))).rejects.toThrow(
    TenantMismatchError,
  );

describe('an entity of acme is known as acme’s, whichever way it was loaded', () => {
  const query = (manager: EntityManager) => manager.createQueryBuilder(Book, 'book').where('book.id = 1');

  it.each<[string, (manager: EntityManager) => Promise<object>]>([
    ['find()', async (manager) => (await manager.find(Book, { where: { id: 1 } }))[0]],
    ['findOneBy()', (manager) => manager.findOneByOrFail(Book, { id: 1 })],
    ['findAndCount()', async (manager) => (await manager.findAndCount(Book, { where: { id: 1 } }))[0][0]],
    ['getOne()', (manager) => query(manager).getOneOrFail()],
    ['getMany()', async (manager) => (await query(manager).getMany())[0]],
    ['getRawAndEntities()', async (manager) => (await query(manager).getRawAndEntities()).entities[0]],
    ['no listeners', (manager) => query(manager).callListeners(false).getOneOrFail()],
    ['a page of a join', (manager) => query(manager).leftJoinAndSelect('book.author', 'a').take(1).getOneOrFail()],
    ['a transaction', (manager) => manager.transaction((own) => own.findOneByOrFail(Book, { id: 1 }))],
    ['a child class', (manager) => manager.findOneByOrFail(Book, { id: 2 })],
    ['preload()', async (manager) => (await manager.preload(Book, { id: 1, title: 'new' }))!],
    ['loadOne()', async (manager) => (await manager.createQueryBuilder().relation(Book, 'author').of(1).loadOne())!],
  ])('by %s', async (_way, load) => {
    const managers = [dataSource.manager, factory.forTenant(acme).manager, factory.forTenant('acme').manager];
    for (const [index, manager] of managers.entries()) {
      // The views load as acme wherever they are.
      const entity = await (index === 0 ? asAcme : asGlobex)(() => load(manager));
      await isRefusedAsGlobex(entity);
      await expect(asAcme(() => dataSource.manager.save(entity))).resolves.toBe(entity);
    }
  });

  it.each<[string, (book: Book) => object | null | undefined]>([
    ['a relation', ({ author }) => author],
    ['a relation of many', ({ labels, reviews }) => [...labels, ...reviews][0]],
    ['a relation of a part', ({ print }) => print.translator],
  ])('as %s, joined or asked for separately', async (_what, relatedTo) => {
    for (const relationLoadStrategy of ['join', 'query'] as const) {
      const relations = { author: true, labels: true, reviews: true, print: { translator: true } } as const;
      const book = await asAcme(() =>
        dataSource.manager.findOneOrFail(Book, { where: { id: 1 }, relations, relationLoadStrategy }),
      );
      await isRefusedAsGlobex(relatedTo(book)!);
    }
  });

  it('as a relation of a child class', async () => {
    const [novel] = await asAcme(() => dataSource.manager.find(Novel, { relations: { hero: true } }));
    expect(novel).toBeInstanceOf(Novel);
    await isRefusedAsGlobex(novel.hero!);
  });

  it('as an eager or a lazy relation', async () => {
    const review = await asAcme(() => dataSource.manager.findOneByOrFail(Review, { id: 1 }));
    await isRefusedAsGlobex(review.book!);
    const author = await asAcme(() => dataSource.manager.findOneByOrFail(Author, { id: 1 }));
    const [book] = await asAcme(() => author.books);
    await isRefusedAsGlobex(book);
  });

  it('as a plain object', async () => {
    const price = await asAcme(() => dataSource.manager.findOneByOrFail<Price>('Price', { id: 1 }));
    expect(Object.getPrototypeOf(price)).toBe(Object.prototype);
    await isRefusedAsGlobex(price, 'Price');
  });

  it('as one that cannot be changed any more', async () => {
    const book = Object.freeze(await asAcme(() => dataSource.manager.findOneByOrFail(Book, { id: 1 })));
    await isRefusedAsGlobex(book);
    const price = Object.freeze({ id: 2, amount: 2 });
    await asAcme(() => dataSource.manager.insert('Price', price));
    await isRefusedAsGlobex(price, 'Price');
  });

  it('and carries nothing of it that anybody sees', async () => {
    const [book] = await asAcme(() => dataSource.manager.find(Book, { where: { id: 1 } }));
    expect(new Set(Reflect.ownKeys(book))).toEqual(new Set(Reflect.ownKeys(new Book())));
    expect(structuredClone({ ...book })).toEqual({ ...book });
    expect({ ...book }).toEqual({ ...(await asAcme(() => dataSource.manager.findOneByOrFail(Book, { id: 1 }))) });
  });
});

describe('an entity that is being loaded while its scope becomes globex’s', () => {
  it('is refused', async () => {
    const locker = new pg.Client(database.url);
    await locker.connect();
    await locker.query('BEGIN; LOCK TABLE t_acme.books IN ACCESS EXCLUSIVE MODE');
    const scope: TenancyScope = { tenant: acme };
    const loading = runInScope(scope, () => dataSource.manager.findOneBy(Book, { id: 1 }));
    const isSent = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
    await expect.poll(() => database.query(isSent)).toHaveLength(1);
    scope.tenant = globex;
    // Listened to before it can fail.
    const refused = expect(loading).rejects.toThrow(TenantMismatchError);
    await locker.query('COMMIT');
    await refused;
    await locker.end();
  });
});

describe('an entity that is common to all tenants', () => {
  it('belongs to none of them', async () => {
    await database.query("INSERT INTO public.currencies VALUES ('EUR', 'Euro')");
    const euro = await asAcme(() => dataSource.manager.findOneByOrFail(Currency, { code: 'EUR' }));
    await asGlobex(() => dataSource.manager.save(euro));
    const yen = await asAcme(() => dataSource.manager.save(Currency, { code: 'JPY', name: 'Yen' }));
    await asGlobex(() => dataSource.manager.remove(Currency, yen));
  });
});

describe('raw rows', () => {
  it('are what the database sent, and belong to nobody', async () => {
    const rows = async (way: 'getRawMany' | 'stream') => {
      const query = dataSource.manager.createQueryBuilder(Book, 'book').select('book.id', 'id').orderBy('book.id');
      const found: unknown[] = [];
      for await (const row of way === 'stream' ? await query.stream() : await query.getRawMany()) found.push(row);
      return found;
    };
    expect(await asAcme(() => rows('stream'))).toEqual([{ id: 1 }, { id: 2 }]);
    const [row] = (await asAcme(() => rows('getRawMany'))) as object[];
    await asGlobex(() => dataSource.manager.save(Book, row));
  });
});

describe('a copy of an entity of acme', () => {
  const load = () => dataSource.manager.findOneOrFail(Book, { where: { id: 1 }, relations: { author: true } });

  it('belongs to acme, and so does what it is related to', async () => {
    const book = await asAcme(load);
    await isRefusedAsGlobex(dataSource.manager.create(Book, book));
    const { author } = book;
    await isRefusedAsGlobex(dataSource.manager.create(Book, { id: 3, title: 'new', author: author! }));
    await isRefusedAsGlobex(dataSource.manager.merge(Book, new Book(), book));
    expect(await database.query('SELECT title FROM t_globex.books WHERE id IN (1, 3)')).toEqual([
      { title: 'book of globex' },
    ]);
  });

  it('is not merged into one of globex', async () => {
    const [own, foreign] = [await asGlobex(load), await asAcme(load)];
    expect(() => dataSource.manager.merge(Book, own, foreign)).toThrow(TenantMismatchError);
    await expect(asGlobex(() => dataSource.manager.preload(Book, foreign))).rejects.toThrow(TenantMismatchError);
    expect(own.title).toBe('book of globex');
  });

  it('may be made of values alone, where nothing of it is an entity', async () => {
    const { title } = await asAcme(load);
    const book = dataSource.manager.create(Book, { id: 3, title, author: { id: 1 } });
    await asGlobex(() => dataSource.manager.save(book));
    expect(await database.query('SELECT title FROM t_globex.books WHERE id = 3')).toEqual([{ title: 'book of acme' }]);
  });
});

describe('an entity that is saved', () => {
  it('is known from then on as the tenant’s that it was saved for, with all that was stored along', async () => {
    const review = { id: 5, text: 'good' };
    const author = { id: 1 };
    const book = await asAcme(() =>
      dataSource.manager.save(Book, { id: 5, title: 'new', author, reviews: [review] }, { listeners: false }),
    );
    await isRefusedAsGlobex(book, Book);
    await isRefusedAsGlobex(review, Review);
    // What it only refers to was not stored.
    await asGlobex(() => dataSource.manager.save(Book, { id: 6, title: 'other', author }));
  });

  it('is known so where a view saved it, or it was inserted', async () => {
    const book = await asGlobex(() => factory.forTenant('acme').manager.save(Book, { id: 5, title: 'new' }));
    await isRefusedAsGlobex(book, Book);
    const label = { id: 7 };
    await asAcme(() => dataSource.manager.insert('labels', label));
    await expect(asGlobex(() => dataSource.manager.insert('labels', label))).rejects.toThrow(TenantMismatchError);
  });

  it('is not known so where it could not be saved', async () => {
    const book = { id: 1, title: 'taken' };
    await expect(asAcme(() => dataSource.manager.insert(Book, book))).rejects.toThrow('duplicate key');
    await asGlobex(() => dataSource.manager.save(Book, book));
  });

  it('is not stored where a lazy relation was just given, or a listener just gave, another tenant’s', async () => {
    const foreign = await asAcme(() => dataSource.manager.findOneByOrFail(Book, { id: 1 }));
    const author = await asGlobex(() => dataSource.manager.findOneByOrFail(Author, { id: 2 }));
    author.books = Promise.resolve([foreign]);
    await expect(asGlobex(() => dataSource.manager.save(author))).rejects.toThrow(TenantMismatchError);
    expect(await database.query('SELECT "authorId" FROM t_globex.books')).toEqual([{ authorId: 1 }, { authorId: 1 }]);

    const stranger = await asAcme(() => dataSource.manager.findOneByOrFail(Author, { id: 2 }));
    dataSource.subscribers.push({
      listenTo: () => Book,
      beforeInsert: ({ entity }) => void Object.assign(entity, { author: stranger }),
      beforeUpdate: ({ entity }) => void Object.assign(entity!, { author: stranger }),
    });
    try {
      await expect(asGlobex(() => dataSource.manager.save(Book, { id: 8, title: 'new' }))).rejects.toThrow(
        TenantMismatchError,
      );
      const own = await asGlobex(() => dataSource.manager.findOneByOrFail(Book, { id: 1 }));
      own.title = 'changed';
      await expect(asGlobex(() => dataSource.manager.save(own))).rejects.toThrow(TenantMismatchError);
    } finally {
      dataSource.subscribers.pop();
    }
    expect(await database.query('SELECT id FROM t_globex.books WHERE "authorId" = 2')).toEqual([]);
  });

  it('is checked with all that it leads to, however far', async () => {
    const subjects = Array.from({ length: 20_000 }, (_, n) => dataSource.manager.create(Subject, { id: n + 10 }));
    for (const [n, subject] of subjects.entries()) subject.parent = subjects[n + 1];
    subjects.at(-1)!.parent = await asAcme(() => dataSource.manager.findOneByOrFail(Subject, { id: 1 }));
    await isRefusedAsGlobex(subjects[0]);
  });

  it('is checked whatever its columns are called', async () => {
    const book = await asAcme(() => dataSource.manager.findOneByOrFail(Book, { id: 1 }));
    await isRefusedAsGlobex(Object.assign(book, { options: { name: 'Book' } }));
    await expect(asGlobex(() => dataSource.manager.save(book))).rejects.toThrow(TenantMismatchError);
  });
});

describe('an entity that is its own repository', () => {
  it('reads and stores the rows of the current tenant', async () => {
    expect(await asGlobex(() => Shelf.findOneByOrFail({ id: 1 }))).toMatchObject({ place: 'shelf of globex' });
    await asAcme(() => Shelf.create({ id: 2, place: 'second' }).save());
    expect(await asAcme(() => Shelf.count())).toBe(2);
    expect(await asGlobex(() => Shelf.count())).toBe(1);
  });

  it('neither stores, removes nor reloads itself under another tenant', async () => {
    const shelf = await asAcme(() => Shelf.findOneByOrFail({ id: 1 }));
    await expect(asGlobex(() => shelf.save())).rejects.toThrow(TenantMismatchError);
    await expect(asGlobex(() => shelf.remove())).rejects.toThrow(TenantMismatchError);
    await expect(asGlobex(() => shelf.reload())).rejects.toThrow(TenantMismatchError);
    expect(shelf.place).toBe('shelf of acme');
    await database.query("UPDATE t_acme.shelves SET place = 'moved'");
    await asAcme(() => shelf.reload());
    expect(shelf.place).toBe('moved');
  });
});
