import type { DataSource, QueryRunner } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BOOKSHOP, createBookshop } from '../../../../../test/support/bookshop.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { runInScope } from '../../context/tenancy-scope.js';
import { TenantContextMissingError, UnsupportedStatementError } from '../../tenancy.errors.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantDataSourceFactory } from '../tenant-data-source.factory.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asOwner = <T>(work: () => T): T => runInScope({ tenant: acme, owner: true }, work);
const asSystem = <T>(work: () => T): T => runInScope({ system: true }, work);
const database = useTestDatabase();
let factory: TenantDataSourceFactory;
let dataSource: DataSource;

beforeEach(async () => {
  await database.query('DROP SCHEMA IF EXISTS t_acme, t_globex CASCADE; DROP TABLE IF EXISTS public.currencies');
  await createBookshop(database, ['t_acme', 't_globex']);
  await database.query('ALTER TABLE public.currencies ADD COLUMN of_the_system text');
  // Its rights stop nothing: a superuser.
  factory = new TenantDataSourceFactory({ url: database.url, entities: BOOKSHOP }, async () => acme);
  await factory.initialize();
  ({ dataSource } = factory);
});
afterEach(() => factory.destroy());

const columns = () =>
  database.query<{ name: string }>(
    `SELECT concat_ws('.', table_schema, table_name, column_name) AS name FROM information_schema.columns
     WHERE table_schema IN ('public', 't_acme', 't_globex') ORDER BY 1`,
  );
const columnsOf = async (schema: string) => (await columns()).filter(({ name }) => name.startsWith(`${schema}.`));

async function withRunner(source: DataSource, work: (runner: QueryRunner) => Promise<void>): Promise<void> {
  const runner = source.createQueryRunner();
  try {
    await work(runner);
  } finally {
    await runner.release();
  }
}

type Attempt = (source: DataSource) => Promise<void>;
const OF_THE_DATA_SOURCE: Array<[string, Attempt]> = [
  ['dropDatabase()', (source) => source.dropDatabase()],
  ['synchronize()', (source) => source.synchronize()],
  ['synchronize(true)', (source) => source.synchronize(true)],
  ['createSchemaBuilder().build()', (source) => source.driver.createSchemaBuilder().build()],
];
const OF_A_RUNNER: Array<[string, Attempt]> = [
  ['clearDatabase()', (source) => withRunner(source, (runner) => runner.clearDatabase())],
  [
    'clearDatabase() in a transaction',
    (source) => source.transaction((manager) => manager.queryRunner!.clearDatabase()),
  ],
];

describe('what TypeORM does to every schema that an entity names', () => {
  it.each([...OF_THE_DATA_SOURCE, ...OF_A_RUNNER])('is refused to a tenant: %s', async (_what, attempt) => {
    const before = await columns();
    for (const as of [asAcme, asOwner]) {
      const refused = as(() => attempt(dataSource));
      await expect(refused).rejects.toThrow(UnsupportedStatementError);
      await expect(refused).rejects.toMatchObject({ code: 'STATEMENT_UNSUPPORTED' });
    }
    await expect(attempt(dataSource)).rejects.toThrow(TenantContextMissingError);
    expect(await columns()).toEqual(before);
  });

  it.each(OF_A_RUNNER)('is refused to a tenant’s view, whoever uses it: %s', async (_what, attempt) => {
    const before = await columns();
    for (const view of [factory.forTenant(acme), factory.forTenant('acme'), factory.forOwner(acme)]) {
      for (const as of [asAcme, asSystem, <T>(work: () => T): T => work()]) {
        await expect(as(() => attempt(view))).rejects.toMatchObject({ code: 'STATEMENT_UNSUPPORTED' });
      }
    }
    expect(await columns()).toEqual(before);
  });

  it.each([OF_THE_DATA_SOURCE[0], ...OF_A_RUNNER])('is the system’s to do: %s', async (_what, attempt) => {
    const before = [...(await columnsOf('t_acme')), ...(await columnsOf('t_globex'))];
    await asSystem(() => attempt(dataSource));
    expect(await columns()).toEqual(before);
  });

  it('is done by a view of the system, whoever uses it', async () => {
    await asAcme(() => withRunner(factory.system, (runner) => runner.clearDatabase()));
    expect(await columnsOf('public')).toEqual([]);
    expect(await columnsOf('t_acme')).not.toEqual([]);
  });

  it('makes the system’s own tables as entities say', async () => {
    await asSystem(() => dataSource.synchronize());
    expect(await columnsOf('public')).not.toContainEqual({ name: 'public.currencies.of_the_system' });
  });
});
