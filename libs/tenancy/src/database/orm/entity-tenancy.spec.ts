import { Column, Entity, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { runInScope } from '../../context/tenancy-scope.js';
import { TenantMismatchError } from '../../tenancy.errors.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantDataSourceFactory } from '../tenant-data-source.factory.js';

@Entity('authors')
class Author {
  @PrimaryColumn('int') id: number;
  @Column('text') name: string;
  @OneToMany(() => Book, (book) => book.author, { lazy: true }) books: Promise<Book[]>;
}

@Entity('books')
class Book {
  @PrimaryColumn('int') id: number;
  @Column('text') title: string;
  @ManyToOne(() => Author, { cascade: false }) author: Author;
}

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);
const database = useTestDatabase();
let factory: TenantDataSourceFactory;

beforeAll(async () => {
  for (const { schema } of [acme, globex]) {
    await database.query(`CREATE SCHEMA ${schema}`);
    await database.query(`CREATE TABLE ${schema}.authors (id int PRIMARY KEY, name text)`);
    await database.query(`CREATE TABLE ${schema}.books (id int PRIMARY KEY, title text, "authorId" int)`);
    await database.query(`GRANT ALL ON SCHEMA ${schema} TO ${database.appRole}`);
    await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${database.appRole}`);
  }
  factory = new TenantDataSourceFactory({ url: database.appUrl, entities: [Author, Book] }, async () => acme);
  await factory.initialize();
});
afterAll(() => factory.destroy());
beforeEach(async () => {
  await database.query('TRUNCATE t_acme.authors, t_acme.books, t_globex.authors, t_globex.books');
  for (const { id, schema } of [acme, globex]) {
    await database.query(`INSERT INTO ${schema}.authors VALUES (1, 'author of ${id}')`);
    await database.query(`INSERT INTO ${schema}.books VALUES (1, 'book of ${id}', 1)`);
  }
});

const authors = () => factory.dataSource.getRepository(Author);
const books = () => factory.dataSource.getRepository(Book);

describe('an entity of acme', () => {
  it('loads its lazy relation as acme', async () => {
    const author = await asAcme(() => authors().findOneByOrFail({ id: 1 }));
    expect((await asAcme(() => author.books)).map(({ title }) => title)).toEqual(['book of acme']);
  });

  it('does not load globex’s rows into its lazy relation', async () => {
    const author = await asAcme(() => authors().findOneByOrFail({ id: 1 }));
    await expect(asGlobex(async () => author.books)).rejects.toThrow(TenantMismatchError);
    await expect(
      asGlobex(() => authors().createQueryBuilder().relation('books').of(author).loadMany()),
    ).rejects.toThrow(TenantMismatchError);
  });

  it('does not overwrite, insert or remove globex’s row of the same id', async () => {
    const book = await asAcme(() => books().findOneByOrFail({ id: 1 }));
    book.title = 'taken over';
    await expect(asGlobex(() => books().save(book))).rejects.toThrow(TenantMismatchError);
    await expect(asGlobex(() => books().remove(book))).rejects.toThrow(TenantMismatchError);
    await database.query('DELETE FROM t_globex.books');
    await expect(asGlobex(() => books().save(book))).rejects.toThrow(TenantMismatchError);
    expect(await database.query('SELECT * FROM t_globex.books')).toEqual([]);
    await asAcme(() => books().save(book));
    expect(await database.query('SELECT title FROM t_acme.books')).toEqual([{ title: 'taken over' }]);
  });

  it('is not related to an entity of globex', async () => {
    const author = await asAcme(() => authors().findOneByOrFail({ id: 1 }));
    await expect(asGlobex(() => books().save({ id: 2, title: 'mixed', author }))).rejects.toThrow(TenantMismatchError);
    await asAcme(() => books().save({ id: 2, title: 'right', author }));
    expect(await database.query('SELECT id FROM t_globex.books WHERE id = 2')).toEqual([]);
  });

  it('does not give globex’s rows away where nothing of its own changed', async () => {
    const select = { id: true } as const;
    const author = await asAcme(() => authors().findOneOrFail({ where: { id: 1 }, select }));
    Object.assign(author, { books: Promise.resolve([]) });
    await expect(asGlobex(() => authors().save(author))).rejects.toThrow(TenantMismatchError);
    await expect(asGlobex(() => authors().save(author, { listeners: false }))).rejects.toThrow(TenantMismatchError);
    await expect(asGlobex(() => authors().remove(author, { listeners: false }))).rejects.toThrow(TenantMismatchError);
    expect(await database.query('SELECT "authorId" FROM t_globex.books')).toEqual([{ authorId: 1 }]);
  });

  it('is found by the relation builder of a view, and by no other', async () => {
    const relation = factory.forTenant(acme).createQueryBuilder().relation(Author, 'books').of(1);
    expect(await asGlobex(() => relation.loadMany())).toMatchObject([{ title: 'book of acme' }]);
  });

  it('remembers where it was stored first', async () => {
    const book = books().create({ id: 7, title: 'new' });
    await asAcme(() => books().save(book));
    await expect(asGlobex(() => books().save(book))).rejects.toThrow(TenantMismatchError);
  });

  it('belongs to acme too when a view of acme’s loaded it', async () => {
    const book = await asGlobex(() => factory.forTenant(acme).getRepository(Book).findOneByOrFail({ id: 1 }));
    expect(book.title).toBe('book of acme');
    await expect(asGlobex(() => books().remove(book))).rejects.toThrow(TenantMismatchError);
    book.title = 'through the view';
    await asGlobex(() => factory.forTenant(acme).getRepository(Book).save(book));
    expect(await database.query('SELECT title FROM t_acme.books')).toEqual([{ title: 'through the view' }]);
  });
});
