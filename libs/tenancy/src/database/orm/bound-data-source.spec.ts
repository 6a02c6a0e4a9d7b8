import type { DataSource, EntitySubscriberInterface } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BOOKSHOP, createBookshop, fillBookshop, Shelf } from '../../../../../test/support/bookshop.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { runInScope } from '../../context/tenancy-scope.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantDataSourceFactory } from '../tenant-data-source.factory.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const database = useTestDatabase();
let factory: TenantDataSourceFactory;

/** What was heard, and in whose schema a repository that is injected would work there. */
let heard: Array<[event: string, schema: string]> = [];
const hear = (event: string) => async () => {
  const [{ s }] = await factory.dataSource.query<Array<{ s: string }>>('SELECT current_schema() AS s');
  heard.push([event, s]);
};
const EVENTS = [
  'beforeTransactionStart',
  'afterTransactionStart',
  'beforeInsert',
  'afterInsert',
  'beforeTransactionCommit',
  'afterTransactionCommit',
  'beforeTransactionRollback',
  'afterTransactionRollback',
] as const;
const subscriber: EntitySubscriberInterface = Object.fromEntries(EVENTS.map((event) => [event, hear(event)]));
const BEGUN = EVENTS.slice(0, 4);
const COMMITTED = [...BEGUN, ...EVENTS.slice(4, 6)];
const ROLLED_BACK = [...BEGUN, ...EVENTS.slice(6)];

beforeAll(async () => {
  await createBookshop(database, [acme.schema, globex.schema]);
  await database.query('CREATE TABLE public.shelves (LIKE t_acme.shelves)');
  await database.query(`GRANT ALL ON public.shelves TO ${database.appRole}`);
  factory = new TenantDataSourceFactory({ url: database.appUrl, entities: BOOKSHOP }, async () => globex);
  await factory.initialize();
  factory.dataSource.subscribers.push(subscriber);
});
afterAll(() => factory.destroy());
beforeEach(async () => {
  for (const { id, schema } of [acme, globex]) await fillBookshop(database, schema, id);
  await database.query('DELETE FROM public.shelves');
  heard = [];
});

const shelf = () => ({ id: 2, place: 'new' });
const WORKS: Array<[string, readonly string[], (view: DataSource) => Promise<unknown>]> = [
  ['transaction()', COMMITTED, (view) => view.transaction((manager) => manager.insert(Shelf, shelf()))],
  ['manager.save()', COMMITTED, (view) => view.manager.save(Shelf, shelf())],
  [
    'a query that inserts',
    BEGUN.slice(2),
    (view) => view.createQueryBuilder().insert().into(Shelf).values(shelf()).execute(),
  ],
  [
    'transaction(), when it fails',
    ROLLED_BACK,
    (view) =>
      view
        .transaction(async (manager) => {
          await manager.insert(Shelf, shelf());
          throw new Error('no');
        })
        .catch(() => undefined),
  ],
  [
    'createQueryRunner()',
    ROLLED_BACK,
    async (view) => {
      const runner = view.createQueryRunner();
      await runner.startTransaction();
      await runner.manager.insert(Shelf, shelf());
      await runner.rollbackTransaction();
      await runner.release();
    },
  ],
  [
    'await using of a query runner',
    COMMITTED,
    async (view) => {
      await using runner = view.createQueryRunner();
      await runner.startTransaction();
      await runner.manager.insert(Shelf, shelf());
    },
  ],
];

describe.each<[string, () => DataSource, string]>([
  ['a tenant’s view', () => factory.forTenant(globex), 't_globex'],
  ['a view of a tenant’s id', () => factory.forTenant('globex'), 't_globex'],
  ['a view of the system', () => factory.system, 'public'],
])('what a subscriber does for %s', (_whose, view, schema) => {
  it.each(WORKS)('it does there, whoever uses the view: %s', async (_what, events, work) => {
    await asAcme(() => work(view()));
    expect(heard).toEqual(events.map((event) => [event, schema]));
    heard = [];
    await database.query(`DELETE FROM ${schema}.shelves`);
    await work(view());
    expect(heard).toEqual(events.map((event) => [event, schema]));
  });
});
