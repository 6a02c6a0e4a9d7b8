import type { TenantConfigOptions, TenantInit } from 'nestjs-tenancy';
import { InMemoryTenantStore, TenantConfigService, TenantContext, TenantService } from 'nestjs-tenancy';

/** A ConfigService's part of it: what it is told. */
export interface Base {
  get<T>(key: string): T | undefined;
}

export const ACME: TenantInit = { id: 'acme', schema: 't_acme' };
export const GLOBEX: TenantInit = { id: 'globex', schema: 't_globex' };

export interface Configured<K extends object> {
  readonly store: InMemoryTenantStore;
  readonly tenants: TenantService;
  readonly context: TenantContext;
  readonly config: TenantConfigService<K>;
  /** What is stored for a tenant, past the service. */
  put(id: string, config: Record<string, unknown>): Promise<void>;
  stored(id: string): Promise<Readonly<Record<string, unknown>>>;
}

/** The settings of acme and globex, from a store in memory that is asked each time. */
export function configured<K extends object = Record<string, unknown>>(
  options: TenantConfigOptions,
  { base, store = new InMemoryTenantStore([ACME, GLOBEX]) }: { base?: Base; store?: InMemoryTenantStore } = {},
): Configured<K> {
  const tenants = new TenantService(store, undefined, { ttl: 0 });
  const context = new TenantContext(tenants);
  const config = new TenantConfigService<K>(context, tenants, base, options);
  return {
    store,
    tenants,
    context,
    config,
    put: async (id, settings) => {
      store.save({ ...(await store.findById(id))!, config: settings });
    },
    stored: async (id) => (await store.findById(id))!.config,
  };
}
