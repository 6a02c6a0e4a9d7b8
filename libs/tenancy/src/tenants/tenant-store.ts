import type { Tenant } from './tenant.js';

export interface TenantPage {
  /** How many tenants to return at most. */
  readonly limit: number;
  /** How many to pass over first; tenants are ordered by id. */
  readonly offset: number;
}

export interface TenantList {
  readonly tenants: readonly Tenant[];
  /** How many there are in all. */
  readonly total: number;
}

/** What must hold for a change of settings to be stored; see `configVersionOf()`. */
export interface TenantConfigCondition {
  /** The version that the settings must have; otherwise `TenantConfigConflictError`, and nothing is stored. */
  readonly ifVersion?: string;
  /** The same from a caller who tries again, and can do with a store that does not compare versions. */
  readonly basedOn?: string;
}

/**
 * Finds the tenant of an id. `undefined` means that the store knows for certain that there is none; a store that
 * cannot tell throws. A store that only reads implements only `findById`.
 */
export interface TenantStore {
  findById(id: string): Promise<Tenant | undefined>;
  /** Needed by `DomainTenantResolver`. The domain is lower-case, without a port. */
  findByDomain?(domain: string): Promise<Tenant | undefined>;
  /** Needed by `TenantService.listTenants()`. */
  list?(page: TenantPage): Promise<TenantList>;
  /**
   * Needed by `TenantConfigService.update()`. A key whose value is `null` is removed; returns the changed tenant. The
   * condition is checked and the change is stored in one step, whoever else changes the tenant at the same time.
   */
  updateConfig?(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    condition?: TenantConfigCondition,
  ): Promise<Tenant>;
}
