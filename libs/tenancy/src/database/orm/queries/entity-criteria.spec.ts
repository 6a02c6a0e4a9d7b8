import type { DataSource, EntityManager } from 'typeorm';
import { Brackets, Equal, In, Not } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Price } from '../../../../../../test/support/bookshop.js';
import {
  Author,
  Book,
  BOOKSHOP,
  createBookshop,
  fillBookshop,
  Label,
  Review,
  Subject,
} from '../../../../../../test/support/bookshop.js';
import { useTestDatabase } from '../../../../../../test/support/test-database.js';
import { runInScope } from '../../../context/tenancy-scope.js';
import { TenantContextMissingError, TenantMismatchError } from '../../../tenancy.errors.js';
import { defineTenant } from '../../../tenants/tenant.js';
import { TenantDataSourceFactory } from '../../tenant-data-source.factory.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);
const database = useTestDatabase();
let factory: TenantDataSourceFactory;
let dataSource: DataSource;

interface Loaded {
  readonly author: Author;
  readonly book: Book;
  readonly label: Label;
  readonly subject: Subject;
  readonly price: Price;
}
let ofAcme: Loaded;
let ofGlobex: Loaded;

async function load(): Promise<Loaded> {
  const { manager } = dataSource;
  return {
    author: await manager.findOneByOrFail(Author, { id: 1 }),
    book: await manager.findOneByOrFail(Book, { id: 1 }),
    label: await manager.findOneByOrFail(Label, { id: 2 }),
    subject: await manager.findOneByOrFail(Subject, { id: 1 }),
    price: await manager.findOneByOrFail<Price>('Price', { id: 1 }),
  };
}

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
  ofAcme = await asAcme(load);
  ofGlobex = await asGlobex(load);
});

/** All that globex has. */
const allOfGlobex = () =>
  database.query(`
    SELECT (SELECT array_agg(a ORDER BY id) FROM t_globex.authors a) AS authors,
           (SELECT array_agg(b ORDER BY id) FROM t_globex.books b) AS books,
           (SELECT array_agg(l ORDER BY id) FROM t_globex.labels l) AS labels,
           (SELECT array_agg(b) FROM t_globex.book_labels b) AS book_labels,
           (SELECT array_agg(p ORDER BY id) FROM t_globex.prices p) AS prices`);

type Use = (manager: EntityManager, entities: Loaded) => Promise<unknown>;
const builder = (manager: EntityManager) => manager.createQueryBuilder(Book, 'book');

const READS: Array<[string, Use]> = [
  ['find({ where: { relation: entity } })', (m, { author }) => m.find(Book, { where: { author } })],
  ['findBy(), one of several', (m, { author }) => m.findBy(Book, [{ id: 1 }, { author }])],
  ['findBy() of a part', (m, { author }) => m.findBy(Book, { print: { translator: author } })],
  ['findBy() of a relation', (m, { author }) => m.findBy(Review, { book: { author } })],
  ['findBy() by an entity', (m, { label }) => m.findBy(Label, label)],
  ['findAndCount()', (m, { author }) => m.findAndCount(Book, { where: { author }, take: 1 })],
  ['countBy()', (m, { author }) => m.countBy(Book, { author })],
  ['existsBy()', (m, { author }) => m.existsBy(Book, { author })],
  ['sum()', (m, { author }) => m.sum(Book, 'sold', { author })],
  ['findBy() by a plain entity', (m, { price }) => m.findBy('Price', price)],
  ['where()', (m, { author }) => builder(m).where({ author }).getMany()],
  ['andWhere()', (m, { author }) => builder(m).where('true').andWhere({ author }).getOne()],
  ['orWhere(), counted', (m, { author }) => builder(m).where('false').orWhere({ author }).getCount()],
  ['orWhere(), with raw rows', (m, { author }) => builder(m).where('false').orWhere({ author }).getRawMany()],
  ['where(), streamed', async (m, { author }) => (await builder(m).where({ author }).stream()).toArray()],
  [
    'brackets',
    (m, { author }) =>
      builder(m)
        .where(new Brackets((own) => own.where({ author })))
        .getMany(),
  ],
  ['whereInIds()', (m, { book }) => builder(m).whereInIds(book).getMany()],
  ['a clone', (m, { author }) => builder(m).where({ author }).clone().getManyAndCount()],
  [
    'a subquery',
    (m, { author }) =>
      builder(m)
        .where((own) => `book.id IN ${own.subQuery().select('b.id').from(Book, 'b').where({ author }).getQuery()}`)
        .getMany(),
  ],
  [
    'whether any exists',
    (m, { author }) => builder(m).whereExists(m.createQueryBuilder(Book, 'b').where({ author })).getMany(),
  ],
  [
    'relation().of().loadMany()',
    (m, { author }) => m.createQueryBuilder().relation(Author, 'books').of(author).loadMany(),
  ],
  ['relation().of().loadOne()', (m, { book }) => m.createQueryBuilder().relation(Book, 'author').of(book).loadOne()],
  ['descendants in a tree', (m, { subject }) => m.getTreeRepository(Subject).findDescendants(subject)],
  ['the tree below', (m, { subject }) => m.getTreeRepository(Subject).findDescendantsTree(subject)],
  ['ancestors in a tree', (m, { subject }) => m.getTreeRepository(Subject).countAncestors(subject)],
];

const WRITES: Array<[string, Use]> = [
  ['update() by an entity', (m, { price }) => m.update('Price', price, { amount: 0 })],
  ['update() by a relation', (m, { author }) => m.update(Book, { author }, { title: 'x' })],
  ['update() to a relation', (m, { author }) => m.update(Book, { id: 2 }, { author })],
  ['updateAll() to a part’s relation', (m, { author }) => m.updateAll(Book, { print: { translator: author } })],
  ['update() to an entity', (m, { price }) => m.update('Price', { id: 1 }, price)],
  ['increment()', (m, { author }) => m.increment(Book, { author }, 'sold', 1)],
  ['softDelete()', (m, { author }) => m.softDelete(Book, { author })],
  ['restore()', (m, { author }) => m.restore(Book, { author })],
  ['delete() by an entity', (m, { price }) => m.delete('Price', price)],
  ['delete() by a relation', (m, { book }) => m.delete(Review, { book })],
  ['insert() of an entity', (m, { price }) => m.insert('Price', price)],
  ['insert() of what is related to one', (m, { author }) => m.insert(Book, { id: 9, title: 'x', author })],
  ['upsert()', (m, { price }) => m.upsert('Price', [price], ['id'])],
  [
    'update().whereEntity()',
    (m, { book }) => m.createQueryBuilder().update(Book).set({ title: 'x' }).whereEntity(book).execute(),
  ],
  ['update().set() of an entity', (m, { price }) => m.createQueryBuilder().update('Price').set(price).execute()],
  ['update().where()', (m, { author }) => builder(m).update().set({ title: 'x' }).where({ author }).execute()],
  ['softDelete().whereEntity()', (m, { book }) => builder(m).softDelete().whereEntity(book).execute()],
  ['restore().where()', (m, { author }) => builder(m).restore().where({ author }).execute()],
  [
    'delete().whereInIds()',
    (m, { label }) => m.createQueryBuilder().delete().from(Label).whereInIds([label]).execute(),
  ],
  ['insert().values()', (m, { price }) => m.createQueryBuilder().insert().into('Price').values(price).execute()],
  [
    'relation().of(id).set(entity)',
    (m, { author }) => m.createQueryBuilder().relation(Book, 'author').of(2).set(author),
  ],
  ['relation().of(entity).set(id)', (m, { book }) => m.createQueryBuilder().relation(Book, 'author').of(book).set(2)],
  [
    'relation().of(entity).set(null)',
    (m, { book }) => m.createQueryBuilder().relation(Book, 'author').of([book]).set(null),
  ],
  ['relation().of(id).add(entity)', (m, { label }) => m.createQueryBuilder().relation(Book, 'labels').of(1).add(label)],
  ['relation().of(entity).add(id)', (m, { book }) => m.createQueryBuilder().relation(Book, 'labels').of(book).add(2)],
  [
    'relation().remove()',
    (m, { book }) =>
      m
        .createQueryBuilder()
        .relation(Book, 'labels')
        .of(1)
        .remove([{ id: 1 }, book]),
  ],
];

describe('an entity of acme in what globex asks for', () => {
  it.each(READS)('is refused: %s', async (_what, read) => {
    await expect(asGlobex(() => read(dataSource.manager, ofAcme))).rejects.toThrow(TenantMismatchError);
    await expect(asAcme(() => read(factory.forTenant(globex).manager, ofAcme))).rejects.toThrow(TenantMismatchError);
    await expect(asAcme(() => read(factory.forTenant('globex').manager, ofAcme))).rejects.toThrow(TenantMismatchError);
  });

  it.each(WRITES)('is refused: %s', async (_what, write) => {
    const before = await allOfGlobex();
    await expect(asGlobex(() => write(dataSource.manager, ofAcme))).rejects.toThrow(TenantMismatchError);
    await expect(asAcme(() => write(factory.forTenant(globex).manager, ofAcme))).rejects.toThrow(TenantMismatchError);
    await expect(asAcme(() => write(factory.forTenant('globex').manager, ofAcme))).rejects.toThrow(TenantMismatchError);
    expect(await allOfGlobex()).toEqual(before);
  });

  it('is refused in an operator, and beside one of globex', async () => {
    for (const criterion of [Equal(ofAcme.author), Not(In([ofAcme.author])), In([ofGlobex.author, ofAcme.author])]) {
      const find = () => dataSource.manager.findBy(Book, { author: criterion as never });
      await expect(asGlobex(find)).rejects.toThrow(TenantMismatchError);
    }
    const query = builder(dataSource.manager).where({ author: ofGlobex.author });
    expect(() => query.orWhere({ author: ofAcme.author })).toThrow(TenantMismatchError);
  });

  it('is refused without a tenant too', async () => {
    await expect(dataSource.manager.findBy(Book, { author: ofAcme.author })).rejects.toThrow(TenantMismatchError);
    await expect(dataSource.manager.findBy(Book, { author: { id: 1 } })).rejects.toThrow(TenantContextMissingError);
  });
});

describe('an entity of globex in what globex asks for', () => {
  it.each([...READS, ...WRITES.filter(([what]) => !/insert\(\)(?:\.values\(\)| of an entity)/.test(what))])(
    'is taken: %s',
    async (_what, use) => {
      await asGlobex(() => use(dataSource.manager, ofGlobex));
      await fillBookshop(database, globex.schema, globex.id);
      await asAcme(() => use(factory.forTenant('globex').manager, ofGlobex));
    },
  );

  it('finds what is globex’s', async () => {
    const found = await asGlobex(() => dataSource.manager.findBy(Book, { author: ofGlobex.author }));
    expect(found.map(({ title }) => title)).toEqual(['book of globex', 'novel of globex']);
    const tree = await asGlobex(() =>
      dataSource.manager.getTreeRepository(Subject).findDescendantsTree(ofGlobex.subject),
    );
    expect(tree.children.map(({ id }) => id)).toEqual([2]);
  });
});

describe('a query that is built in one scope and sent in another', () => {
  it('is refused where its criteria are another tenant’s, and right where they are nobody’s', async () => {
    const about = asAcme(() => builder(dataSource.manager).where({ author: ofAcme.author }));
    await expect(asGlobex(() => about.getMany())).rejects.toThrow(TenantMismatchError);
    expect((await asAcme(() => about.getMany())).map(({ title }) => title)).toEqual(['book of acme', 'novel of acme']);
    const byId = asAcme(() =>
      builder(dataSource.manager)
        .where({ author: { id: 1 } })
        .orderBy('book.id'),
    );
    expect((await asGlobex(() => byId.getMany())).map(({ title }) => title)).toEqual([
      'book of globex',
      'novel of globex',
    ]);
  });

  it('says nothing of it to the database', async () => {
    const query = builder(dataSource.manager).where({ author: ofAcme.author });
    expect(query.getQueryAndParameters()[1]).toEqual([1]);
  });
});
