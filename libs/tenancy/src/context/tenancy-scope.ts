import { AsyncLocalStorage } from 'node:async_hooks';
import type { TenancyError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';

/** What one request, job or call runs as: a tenant, the system, or neither. */
export interface TenancyScope {
  tenant?: Tenant;
  system?: boolean;
  /** The named database server that the system works on; absent: the default one. A tenant brings its own. */
  database?: string;
  /**
   * In the tenant's schema with the rights of its owner, for what makes and changes the tables. Nothing sets it but a
   * DataSource of `TenantDataSourceFactory.forOwner()`, around its own statements, an `OwnerSession` around a COPY, and
   * `TenantDatabase.outsideTransaction()`, around a work that asks for it.
   */
  owner?: boolean;
  /** Why a request has no tenant: thrown where one is needed. */
  refusal?: TenancyError;
  /** What opened it for a request: to another application in the same process it says nothing. */
  readonly openedBy?: object;
}

// One for the process: a parameter decorator has no injector, and each further AsyncLocalStorage slows every await.
const storage = new AsyncLocalStorage<TenancyScope>();

/** The scope of the running code; `undefined` outside every scope. */
export function currentScope(): TenancyScope | undefined {
  return storage.getStore();
}

/** Runs work in a scope. `run`, never `enterWith`: what is entered would stay for whatever comes next on that path. */
export function runInScope<T>(scope: TenancyScope | undefined, work: () => T): T {
  return storage.run(scope as TenancyScope, work);
}
