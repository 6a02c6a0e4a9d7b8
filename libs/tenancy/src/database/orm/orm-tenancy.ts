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

// A property, not an entry in a WeakMap: what is derived from a DataSource has it too.
const TENANCY = Symbol('tenancy');

type Known = DataSource & { readonly [TENANCY]?: OrmTenancy };

export function setTenancy(dataSource: DataSource, tenancy: OrmTenancy): void {
  Object.defineProperty(dataSource, TENANCY, { value: tenancy });
}

export function tenancyOf(dataSource: DataSource): OrmTenancy {
  const tenancy = (dataSource as Known)[TENANCY];
  if (!tenancy) throw new Error('This DataSource was not made by TenantDataSourceFactory.');
  return tenancy;
}

/** How to work in the scope of a DataSource; `undefined` where that is the scope of the running code. */
export function withinOf(dataSource: DataSource): Within | undefined {
  return (dataSource as Known)[TENANCY]?.within;
}

/** Runs work in the scope of a DataSource: a view's own, the running code's for any other. */
export function inScopeOf<T>(dataSource: DataSource, work: () => Promise<T>): Promise<T> {
  const within = withinOf(dataSource);
  return within ? within(work) : work();
}
