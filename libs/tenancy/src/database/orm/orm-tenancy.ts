import type { DataSource } from 'typeorm';
import type { CopyingTransformer } from './copying-transformer.js';
import type { EntityTenancy } from './entity-tenancy.js';
import type { Within } from './within.js';

/** What the parts of TypeORM that work for a DataSource know of its tenants. */
export interface OrmTenancy {
  readonly entities: EntityTenancy;
  readonly transformer: CopyingTransformer;
  /** Of a view: how to work in the scope that it is bound to. */
  readonly within?: Within;
}

const known = new WeakMap<DataSource, OrmTenancy>();

export function setTenancy(dataSource: DataSource, tenancy: OrmTenancy): void {
  known.set(dataSource, tenancy);
}

export function tenancyOf(dataSource: DataSource): OrmTenancy {
  const tenancy = known.get(dataSource);
  if (!tenancy) throw new Error('This DataSource was not made by TenantDataSourceFactory.');
  return tenancy;
}

/** How to work in the scope of a DataSource; `undefined` where that is the scope of the running code. */
export function withinOf(dataSource: DataSource): Within | undefined {
  return known.get(dataSource)?.within;
}

/** Runs work in the scope of a DataSource: a view's own, the running code's for any other. */
export function inScopeOf<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const within = withinOf(dataSource);
  return within ? within(work) : work();
}
