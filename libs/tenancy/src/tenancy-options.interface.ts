import type { TenantConfigOptions } from './config/tenant-config-options.js';
import type { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';
import type { TenantDatabaseOptions, TenantDatabaseServers } from './database/tenant-database-options.js';
import type { TenantResolver } from './resolution/tenant-resolver.js';
import type { TrustedHintsOptions } from './resolution/trusted-hints-options.js';
import type { TenantLifecycleOptions } from './schemas/lifecycle/tenant-lifecycle-options.js';
import type { TenantCacheOptions } from './tenants/tenant-cache-options.js';
import type { TenantStore } from './tenants/tenant-store.js';

/** What `TenancyModule` is told. Only `store` has no default. */
export interface TenancyModuleOptions {
  /** Knows the tenants. A function is given the database, for a store that reads there. */
  readonly store: TenantStore | ((database: TenantDataSourceFactory) => TenantStore);
  /** Find the tenant of a request; all that answer must agree. @defaultValue `[new HeaderTenantResolver()]` */
  readonly resolvers?: readonly TenantResolver[];
  /**
   * Hints that only a proxy in front may give: a gateway's header, `X-Forwarded-Host`. @defaultValue none; where it has
   * resolvers, the default of `resolvers` is `[]`
   */
  readonly trustedHints?: Partial<TrustedHintsOptions>;
  /** Paths that belong to no tenant; `*` stands for anything. Gateways have none. @defaultValue `[]` */
  readonly exclude?: readonly string[];
  /** Whether a request without a tenant is refused with 400. @defaultValue `true` */
  readonly required?: boolean;
  /** What a tenant id looks like. @defaultValue `/^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/` */
  readonly idPattern?: RegExp;
  /** How long what is known of a tenant is relied on. */
  readonly cache?: Partial<TenantCacheOptions>;
  /**
   * Let the store tell of changes, where it can: a suspended tenant or a changed setting is then seen at once, and not when
   * `cache.ttl` is over. @defaultValue `true`
   */
  readonly watch?: boolean;
  /** How tenants are made and dropped, where the store is a `TypeOrmTenantStore`: see `TenantLifecycle`. */
  readonly lifecycle?: Partial<TenantLifecycleOptions>;
  /** What tenants may set. */
  readonly config?: TenantConfigOptions;
  /**
   * The database of all tenants, or several servers by name: then `Tenant.database` says which one a tenant is on.
   * Without it the module has no DataSource.
   */
  readonly database?: TenantDatabaseOptions | TenantDatabaseServers;
}

/** Makes the options, for `TenancyModule.forRootAsync({ useClass })` and `useExisting`. */
export interface TenancyOptionsFactory {
  createTenancyOptions(): TenancyModuleOptions | Promise<TenancyModuleOptions>;
}
