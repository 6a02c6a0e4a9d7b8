import type { Tenant } from './tenant.js';

/** Which tenants of a list are asked for. `TenantService.listTenants()` asks for the first 50 where it is not told. */
export interface TenantPage {
  /** How many tenants to return at most. */
  readonly limit: number;
  /** How many to pass over first; tenants are ordered by id. */
  readonly offset: number;
}

/** One page of the tenants, in the order of their ids. */
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

/** What a store tells of changes. None of its methods throws, and none waits. */
export interface TenantChangeListener {
  /** A tenant was made, changed or removed. A hint: whoever knows something of it looks it up again. */
  changed(id: string): void;
  /** Changes are told from now on. Those of before may have been missed: all that is known has to be looked up again. */
  resumed(): void;
  /** No changes are told until `resumed()`. */
  lost(reason: Error): void;
}

/** What goes on until it is closed. */
export interface TenantWatch {
  close(): Promise<void>;
}

/**
 * Finds the tenant of an id. `undefined` means that the store knows for certain that there is none; a store that
 * cannot tell throws. A store that only reads implements only `findById`.
 */
export interface TenantStore {
  findById(id: string): Promise<Tenant | undefined>;
  /** Needed by `DomainTenantResolver`. The domain is as `canonicalHost()` has it: lower-case, without a port. */
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
  /**
   * Tells of changes, whoever makes them, until it is closed; it connects again by itself, as long as it takes. Without it a
   * change is seen when `cache.ttl` is over.
   */
  watch?(listener: TenantChangeListener): TenantWatch;
}
