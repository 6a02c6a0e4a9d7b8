import type { Tenant, TenantStatus } from './tenant.js';
import type { TenantPage } from './tenant-store.js';

/** The tenant that is to be made; only its id has no default. Its schema is generated. */
export interface NewTenant {
  /** Immutable and public. */
  readonly id: string;
  /** @defaultValue the id */
  readonly name?: string;
  /** @defaultValue `'default'` */
  readonly plan?: string;
  /** Whole host names as `canonicalHost()` has them; each is one tenant's alone. */
  readonly domains?: readonly string[];
  /** Settings, by flat, dotted keys. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The named database server that it is placed on. @defaultValue `'default'` */
  readonly database?: string;
}

/** What may be changed of a tenant. What is left out stays; `domains` and `metadata` take the place of all that was there. */
export interface TenantChange {
  readonly name?: string;
  readonly plan?: string;
  readonly domains?: readonly string[];
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** How sure somebody is who drops a tenant with all that it has. Without `erase` it must be archived, and kept long enough. */
export interface TenantDrop {
  /** The id once more: nobody drops a tenant by a slip. */
  readonly confirm: string;
  /** At once, whatever its status and however long it is to be kept. @defaultValue `false` */
  readonly erase?: boolean;
}

/** Where a tenant is to be placed, by the names of `database` in the module's options; `'default'` is the default server. */
export interface TenantPlacement {
  readonly database: string;
  /** Where it must be now; otherwise nothing is changed. */
  readonly from: string;
}

/** An archived tenant, and what becomes of it. */
export interface PlannedDrop {
  readonly id: string;
  readonly status: TenantStatus;
  /** From when on it may be dropped. */
  readonly dropAfter: Date;
  /** Whether that is now: a drop is always asked for, never made by itself. */
  readonly isDue: boolean;
}

/** One page of the archived tenants. */
export interface PlannedDrops {
  /** The one that is due first comes first. */
  readonly drops: readonly PlannedDrop[];
  /** How many there are in all. */
  readonly total: number;
}

/**
 * Makes, changes and removes tenants: what an operator does. A class, so that it can be injected; a `TenantStore` that has
 * these methods is the administration of its application, as `HttpTenantStore` is.
 *
 * Whatever is refused is a `TenantNotFoundError`, or a `TenantChangeRefusedError` whose `reason` says why. Repeating a
 * request that changes nothing any more is none of them: a suspended tenant may be suspended again.
 *
 * ```
 * provisioning ──> active <──> suspended
 *                    ∧ │           │
 *                    │ ∨           ∨
 *                    archived ──────────> dropped
 * ```
 *
 * @example await app.get(TenantAdministration).suspendTenant('acme')
 */
export abstract class TenantAdministration {
  /** Makes a tenant, its schema and the tables in it; it can be used when all of that is there. What fails can be repeated. */
  abstract createTenant(wanted: NewTenant): Promise<Tenant>;
  /** Changes an active or suspended tenant. */
  abstract changeTenant(id: string, change: TenantChange): Promise<Tenant>;
  /** An active tenant is refused everywhere from now on, its jobs wait, and all that it has stays. */
  abstract suspendTenant(id: string): Promise<Tenant>;
  /** A suspended or archived tenant is active again. */
  abstract restoreTenant(id: string): Promise<Tenant>;
  /** A tenant is refused from now on, and may be dropped when its time of grace is over. */
  abstract archiveTenant(id: string): Promise<Tenant>;
  /** Drops the schema of an archived tenant whose time of grace is over, with all that is in it, and forgets the tenant. */
  abstract dropTenant(id: string, drop: TenantDrop): Promise<void>;
  /** Says on which database server a tenant's schema is. What is in it is not moved: see `TenantMoves`. */
  abstract placeTenant(id: string, placement: TenantPlacement): Promise<Tenant>;
  /** The archived tenants, and from when on each may be dropped. */
  abstract plannedDrops(page?: Partial<TenantPage>): Promise<PlannedDrops>;
}
