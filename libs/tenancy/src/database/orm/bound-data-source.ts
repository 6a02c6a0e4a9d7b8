import type { DataSource, EntityManager, QueryRunner, ReplicationMode } from 'typeorm';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { setTenancy, tenancyOf } from './orm-tenancy.js';
import { TenantResultCache } from './result-cache/tenant-result-cache.js';
import { TenantRelationLoader } from './tenant-relation-loader.js';
import type { Within } from './within.js';

/**
 * A view of a DataSource whose every statement runs in a scope of its own, whatever the scope of the caller. It shares
 * the pool and the metadata of the DataSource it was made from, and costs a few hundred bytes.
 */
export function bindDataSource(dataSource: DataSource, within: Within): DataSource {
  const view: DataSource = Object.create(dataSource);
  const override = (name: keyof DataSource, value: unknown) => Object.defineProperty(view, name, { value });
  setTenancy(view, { ...tenancyOf(dataSource), within });
  override('createQueryRunner', (mode?: ReplicationMode) => {
    const runner = dataSource.createQueryRunner.call(view, mode);
    // Subscribers and migrations go on from here: what they ask the DataSource for has to be this view's too.
    return Object.assign(bindRunner(runner, within), { dataSource: view });
  });
  override('relationLoader', new TenantRelationLoader(view));
  for (const name of [
    'initialize',
    'destroy',
    'synchronize',
    'dropDatabase',
    'runMigrations',
    'undoLastMigration',
  ] as const) {
    override(name, () => Promise.reject(notOnAView(name)));
  }
  Object.defineProperty(view, 'queryResultCache', {
    get: () => (dataSource.queryResultCache as TenantResultCache | undefined)?.boundTo(within),
  });
  // One manager for the life of the view: it keeps the repositories that were asked for.
  let manager: EntityManager | undefined;
  Object.defineProperty(view, 'manager', { get: () => (manager ??= view.createEntityManager()) });
  return view;
}

function bindRunner(runner: QueryRunner, within: Within): QueryRunner {
  // These three are where a query runner meets its connection; whatever else it does goes through them.
  const { connect, query, stream } = runner;
  return Object.assign(runner, {
    connect: () => within(() => connect.call(runner)),
    query: (...args: Parameters<typeof query>) => within(() => query.apply(runner, args)),
    stream: (...args: Parameters<typeof stream>) => within(() => stream.apply(runner, args)),
  });
}

function notOnAView(name: string): TenancyOptionsError {
  return new TenancyOptionsError(
    `${name}() is not for a DataSource that is bound to one tenant. It belongs to the application's own DataSource, ` +
      'or to TenantSchemaService.',
  );
}
