import type { DataSource, EntityManager, QueryRunner, ReplicationMode } from 'typeorm';
import type { TenancyScope } from '../../context/tenancy-scope.js';
import { currentScope } from '../../context/tenancy-scope.js';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import type { EntityTenancy } from './entity-tenancy.js';
import { TenantRelationLoader } from './tenant-relation-loader.js';
import type { Within } from './within.js';

/** The scopes that the query runners of views run in, whatever the scope of the caller. */
const scopes = new WeakMap<QueryRunner, TenancyScope>();

/** The scope that a query runner works in. */
export function scopeOf(runner: QueryRunner | undefined): TenancyScope | undefined {
  return (runner && scopes.get(runner)) ?? currentScope();
}

const views = new WeakMap<DataSource, Within>();

/** How to work in the scope of a DataSource: a view's own, the running code's for any other. */
export function withinOf(dataSource: DataSource): Within {
  return views.get(dataSource) ?? ((work) => work());
}

/**
 * A view of a DataSource whose every statement runs in a scope of its own, whatever the scope of the caller. It shares
 * the pool and the metadata of the DataSource it was made from, and costs a few hundred bytes.
 */
export function bindDataSource(dataSource: DataSource, entities: EntityTenancy, within: Within): DataSource {
  const view: DataSource = Object.create(dataSource);
  const override = (name: keyof DataSource, value: unknown) => Object.defineProperty(view, name, { value });
  override('createQueryRunner', (mode?: ReplicationMode) => {
    const runner = dataSource.createQueryRunner.call(view, mode);
    // Subscribers and migrations go on from here: what they ask the DataSource for has to be this view's too.
    return Object.assign(bindRunner(runner, within), { dataSource: view });
  });
  override('relationLoader', new TenantRelationLoader(view, entities, within));
  views.set(view, within);
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
  // One manager for the life of the view: it keeps the repositories that were asked for.
  let manager: EntityManager | undefined;
  Object.defineProperty(view, 'manager', { get: () => (manager ??= view.createEntityManager()) });
  return view;
}

function bindRunner(runner: QueryRunner, within: Within): QueryRunner {
  // These three are where a query runner meets its connection; whatever else it does goes through them.
  const { connect, query, stream } = runner;
  const inside = <T>(work: () => Promise<T>): Promise<T> =>
    within(() => {
      const scope = currentScope();
      if (scope) scopes.set(runner, scope);
      return work();
    });
  return Object.assign(runner, {
    connect: () => inside(() => connect.call(runner)),
    query: (...args: Parameters<typeof query>) => inside(() => query.apply(runner, args)),
    stream: (...args: Parameters<typeof stream>) => inside(() => stream.apply(runner, args)),
  });
}

function notOnAView(name: string): TenancyOptionsError {
  return new TenancyOptionsError(
    `${name}() is not for a DataSource that is bound to one tenant. It belongs to the application's own DataSource, ` +
      'or to TenantSchemaService.',
  );
}
