import type { DataSource, Repository } from 'typeorm';
import { TreeRepository } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Book, BOOKSHOP, createBookshop, fillBookshop, Subject } from '../../../../../test/support/bookshop.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { runInScope } from '../../context/tenancy-scope.js';
import { TenantContextMissingError, TenantMismatchError } from '../../tenancy.errors.js';
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
  factory = new TenantDataSourceFactory({ url: database.appUrl, entities: BOOKSHOP }, async () => acme);
  await factory.initialize();
  ({ dataSource } = factory);
});
afterAll(() => factory.destroy());
beforeEach(async () => {
  for (const { id, schema } of [acme, globex]) await fillBookshop(database, schema, id);
});

const extend = (repository: Repository<Book>) =>
  repository.extend({
    async firstTitle(this: Repository<Book>) {
      return (await this.findOneOrFail({ where: {}, order: { id: 'ASC' } })).title;
    },
  });

describe('a repository with methods of its own', () => {
  it('follows the current tenant, wherever it was made', async () => {
    const books = asAcme(() => extend(dataSource.getRepository(Book)));
    expect(await asGlobex(() => books.firstTitle())).toBe('book of globex');
    expect(await asAcme(() => books.firstTitle())).toBe('book of acme');
    await expect(books.firstTitle()).rejects.toThrow(TenantContextMissingError);
  });

  it('is bound where a view made it, or it is used with the manager of one', async () => {
    const ofAcme = factory.forTenant(acme);
    expect(await asGlobex(() => extend(ofAcme.getRepository(Book)).firstTitle())).toBe('book of acme');
    const books = extend(dataSource.getRepository(Book));
    expect(await asGlobex(() => ofAcme.manager.withRepository(books).firstTitle())).toBe('book of acme');
    expect(await asGlobex(() => books.firstTitle())).toBe('book of globex');
  });

  it('takes part in the transaction of the manager that it is used with', async () => {
    const books = extend(dataSource.getRepository(Book));
    const failing = asAcme(() =>
      dataSource.transaction(async (manager) => {
        const own = manager.withRepository(books);
        await own.update({ id: 1 }, { title: 'not committed' });
        expect(await own.firstTitle()).toBe('not committed');
        await expect(asGlobex(() => own.firstTitle())).rejects.toMatchObject({
          driverError: expect.any(TenantMismatchError),
        });
        throw new Error('back');
      }),
    );
    await expect(failing).rejects.toThrow('back');
    expect(await asAcme(() => books.firstTitle())).toBe('book of acme');
  });
});

describe('a repository of trees', () => {
  it('is one for each manager, and follows the tenant of that', async () => {
    const subjects = dataSource.getTreeRepository(Subject);
    expect(subjects).toBeInstanceOf(TreeRepository);
    expect(dataSource.manager.getTreeRepository(Subject)).toBe(subjects);
    await database.query('DELETE FROM t_globex.subjects_closure; DELETE FROM t_globex.subjects');
    expect((await asAcme(() => subjects.findTrees()))[0].children.map(({ id }) => id)).toEqual([2]);
    expect(await asGlobex(() => subjects.findTrees())).toEqual([]);
    const ofAcme = factory.forTenant(acme).getTreeRepository(Subject);
    expect(await asGlobex(() => ofAcme.findTrees())).toHaveLength(1);
  });

  it('stores a branch only below a parent of the same tenant', async () => {
    const subjects = dataSource.getTreeRepository(Subject);
    const parent = await asAcme(() => subjects.findOneByOrFail({ id: 2 }));
    await expect(asGlobex(() => subjects.save({ id: 3, parent }))).rejects.toThrow(TenantMismatchError);
    await asAcme(() => subjects.save({ id: 3, parent }));
    expect((await asAcme(() => subjects.findDescendants(parent))).map(({ id }) => id)).toEqual([2, 3]);
    expect(await asGlobex(() => subjects.countBy({ id: 3 }))).toBe(0);
  });
});
