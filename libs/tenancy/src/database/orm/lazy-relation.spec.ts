import { setImmediate as turn } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Author, Book, BOOKSHOP, createBookshop, fillBookshop } from '../../../../../test/support/bookshop.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
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
let author: Author;

const unhandled: unknown[] = [];
const note = (reason: unknown) => void unhandled.push(reason);

beforeAll(async () => {
  await createBookshop(database, [acme.schema, globex.schema]);
  factory = new TenantDataSourceFactory({ url: database.appUrl, entities: BOOKSHOP }, async () => acme);
  await factory.initialize();
  ({ dataSource } = factory);
  process.on('unhandledRejection', note);
});
afterAll(async () => {
  process.off('unhandledRejection', note);
  await factory.destroy();
});
beforeEach(async () => {
  for (const { id, schema } of [acme, globex]) await fillBookshop(database, schema, id);
  author = await asAcme(() => dataSource.manager.findOneByOrFail(Author, { id: 1 }));
});
afterEach(() => database.query(`GRANT ALL ON t_acme.books TO ${database.appRole}`));

describe('a lazy relation', () => {
  it('is loaded once, by whoever asks first', async () => {
    const [first, second] = await asAcme(() => Promise.all([author.books, author.books]));
    expect(first).toBe(second);
    await database.query('DELETE FROM t_acme.reviews; DELETE FROM t_acme.book_labels; DELETE FROM t_acme.books');
    expect(await asAcme(() => author.books)).toBe(first);
    expect(first.map(({ title }) => title).sort()).toEqual(['book of acme', 'novel of acme']);
  });

  it('is one entity or none where it leads to one', async () => {
    const agent = await asAcme(() => author.agent);
    expect(agent).toMatchObject({ id: 2, name: 'other author of acme' });
    expect(await asAcme(() => agent!.agent)).toBeNull();
    expect(await asAcme(() => agent!.agent)).toBeNull();
  });

  it('is what was assigned to it', async () => {
    const book = asAcme(() => dataSource.manager.create(Book, { id: 9, title: 'ninth' }));
    author.books = Promise.resolve([book]);
    expect(await author.books).toEqual([book]);
    Object.assign(author, { books: [] });
    expect(await author.books).toEqual([]);
    author.books = Promise.resolve([book]);
    await asAcme(() => dataSource.manager.save([book, author]));
    expect(await database.query('SELECT "authorId" FROM t_acme.books WHERE id = 9')).toEqual([{ authorId: 1 }]);
  });

  it('is loaded by the transaction that loaded the entity, while that runs', async () => {
    await asAcme(() =>
      dataSource.transaction(async (manager) => {
        await manager.update(Book, { id: 1 }, { title: 'not yet committed' });
        const own = await manager.findOneByOrFail(Author, { id: 1 });
        expect((await own.books).map(({ title }) => title)).toContain('not yet committed');
      }),
    );
    await factory.forTenant(acme).transaction(async (manager) => {
      const own = await manager.findOneByOrFail(Author, { id: 1 });
      expect(await asGlobex(() => own.books)).toHaveLength(2);
    });
  });
});

describe('a lazy relation that cannot be loaded', () => {
  const load = () => asAcme(() => author.books);

  it('is told to who asked, and ends no process', async () => {
    await database.query(`REVOKE ALL ON t_acme.books FROM ${database.appRole}`);
    await expect(load()).rejects.toThrow('permission denied');
    await expect(asGlobex(() => author.books)).rejects.toThrow(TenantMismatchError);
    author.books = Promise.reject(new Error('assigned'));
    await turn();
    expect(unhandled).toEqual([]);
  });

  it('is loaded by the next who asks, once it can be', async () => {
    await expect(asGlobex(() => author.books)).rejects.toThrow(TenantMismatchError);
    await database.query(`REVOKE ALL ON t_acme.books FROM ${database.appRole}`);
    await expect(load()).rejects.toThrow('permission denied');
    await database.query(`GRANT ALL ON t_acme.books TO ${database.appRole}`);
    expect(await load()).toHaveLength(2);
  });
});
