import type { DataSource, QueryRunner, ReplicationMode } from 'typeorm';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { setTenancy, tenancyOf } from './orm-tenancy.js';
import type { TenantResultCache } from './result-cache/tenant-result-cache.js';
import { TenantRelationLoader } from './tenant-relation-loader.js';
import type { Within } from './within.js';

const REFUSED = ['initialize', 'destroy', 'synchronize', 'dropDatabase', 'runMigrations', 'undoLastMigration'] as const;

/** What all views of a DataSource have in common. */
const prototypes = new WeakMap<DataSource, DataSource>();

/**
 * A view of a DataSource whose every statement runs in a scope of its own, whatever the scope of the caller. It shares
 * the pool and the metadata of the DataSource it was made from, and costs a few hundred bytes.
 */
export function bindDataSource(dataSource: DataSource, within: Within): DataSource {
  let prototype = prototypes.get(dataSource);
  if (!prototype) {
    prototype = viewsOf(dataSource);
    prototypes.set(dataSource, prototype);
  }
  const view: DataSource = Object.create(prototype);
  const { entities, transformer } = tenancyOf(dataSource);
  setTenancy(view, { entities, transformer, within });
  return view;
}

function viewsOf(dataSource: DataSource): DataSource {
  const prototype: DataSource = Object.create(dataSource, {
    createQueryRunner: {
      value(this: DataSource, mode?: ReplicationMode) {
        const runner = dataSource.createQueryRunner.call(this, mode);
        // Subscribers and migrations go on from here: what they ask the DataSource for has to be this view's too.
        return Object.assign(bindRunner(runner, boundOf(this)), { dataSource: this });
      },
    },
    queryResultCache: {
      get(this: DataSource) {
        return (dataSource.queryResultCache as TenantResultCache | undefined)?.boundTo(boundOf(this));
      },
    },
    relationLoader: {
      get(this: DataSource) {
        return kept(this, 'relationLoader', new TenantRelationLoader(this));
      },
    },
    // One manager for the life of the view: it keeps the repositories that were asked for.
    manager: {
      get(this: DataSource) {
        return kept(this, 'manager', this.createEntityManager());
      },
    },
  });
  for (const name of REFUSED) {
    Object.defineProperty(prototype, name, { value: () => Promise.reject(notOnAView(name)) });
  }
  return prototype;
}

function boundOf(view: DataSource): Within {
  return tenancyOf(view).within!;
}

/** Keeps what was made when it was asked for first. */
function kept<T>(view: DataSource, name: keyof DataSource, value: T): T {
  Object.defineProperty(view, name, { value });
  return value;
}

/**
 * What a query runner does in the scope of its view. The first three are where it meets its connection, which whatever else
 * it does goes through; around the others subscribers hear of a transaction, and work for the tenant that it is of.
 */
const IN_SCOPE = [
  'connect',
  'query',
  'stream',
  'startTransaction',
  'commitTransaction',
  'rollbackTransaction',
] as const;

function bindRunner(runner: QueryRunner, within: Within): QueryRunner {
  for (const name of IN_SCOPE) {
    const method = runner[name] as (...args: unknown[]) => Promise<unknown>;
    runner[name] = (...args: unknown[]) => within(() => method.apply(runner, args)) as never;
  }
  return runner;
}

function notOnAView(name: string): TenancyOptionsError {
  return new TenancyOptionsError(
    `${name}() is not for a DataSource that is bound to one tenant. It belongs to the application's own DataSource, ` +
      'or to TenantSchemaService.',
  );
}
