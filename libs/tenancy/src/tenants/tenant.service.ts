import type { Cache } from 'cache-manager';
import {
  TenancyError,
  TenancyOptionsError,
  TenantNotFoundError,
  TenantServiceUnavailableError,
  TenantSuspendedError,
} from '../tenancy.errors.js';
import { BoundedMap } from './bounded-map.js';
import { TenantCacheOptions } from './tenant-cache-options.js';
import { TenantIdValidator } from './tenant-id.js';
import type { TenantList, TenantPage, TenantStore } from './tenant-store.js';
import type { Tenant, TenantInit } from './tenant.js';
import { defineTenant, isRecord } from './tenant.js';

interface Entry {
  /** `undefined`: the store said that there is none. */
  readonly tenant: Tenant | undefined;
  readonly loadedAt: number;
}

/**
 * Knows the tenants: first from this process, then from cache-manager, then from the store. Of several requests for
 * one tenant that is not known yet, one asks the store. While the store does not answer, a tenant that was known keeps
 * working up to `staleTtl`.
 */
export class TenantService {
  private readonly entries: BoundedMap<string, Entry>;
  private readonly flights = new Map<string, Promise<Tenant | undefined>>();
  private readonly options: TenantCacheOptions;

  constructor(
    private readonly store: TenantStore,
    private readonly cache: Pick<Cache, 'get' | 'set' | 'del'>,
    options: Partial<TenantCacheOptions> = {},
    private readonly ids: TenantIdValidator = new TenantIdValidator(),
  ) {
    this.options = { ...new TenantCacheOptions(), ...options };
    this.entries = new BoundedMap(this.options.max);
  }

  /**
   * The active tenant of an id. Throws `InvalidTenantIdError` (before anything is asked), `TenantNotFoundError`,
   * `TenantSuspendedError` for one that is not active, `TenantServiceUnavailableError` where nobody can tell.
   */
  async getTenant(id: string): Promise<Tenant> {
    const tenant = await this.findTenant(this.ids.parse(id));
    if (!tenant) throw new TenantNotFoundError(id);
    if (tenant.status !== 'active') throw new TenantSuspendedError(id, tenant.status);
    return tenant;
  }

  /** The tenant of an id whatever its status; `undefined` where there is none. */
  async findTenant(id: string): Promise<Tenant | undefined> {
    if (!this.ids.isValid(id)) return undefined;
    return this.find(`id:${id}`, () => this.store.findById(id));
  }

  /** The tenant that a whole host name belongs to; `undefined` where it is no tenant's. */
  async findTenantByDomain(domain: string): Promise<Tenant | undefined> {
    const { store } = this;
    if (!store.findByDomain) throw new TenancyOptionsError('The tenant store has no findByDomain().');
    return this.find(`domain:${domain}`, () => store.findByDomain!(domain));
  }

  /** The tenants in the order of their ids, straight from the store. */
  async listTenants({ limit = 50, offset = 0 }: Partial<TenantPage> = {}): Promise<TenantList> {
    if (!this.store.list) throw new TenancyOptionsError('The tenant store has no list().');
    return this.store.list({ limit, offset });
  }

  /** Stores a change of a tenant's settings and forgets what was cached of it. */
  async updateConfig(id: string, patch: Readonly<Record<string, unknown>>): Promise<Tenant> {
    if (!this.store.updateConfig) throw new TenancyOptionsError('The tenant store has no updateConfig().');
    const tenant = await this.store.updateConfig(this.ids.parse(id), patch);
    await this.invalidate(id);
    return tenant;
  }

  /** Forgets what this process and the shared cache know of a tenant. */
  async invalidate(id: string): Promise<void> {
    const known = this.entries.get(`id:${id}`)?.tenant;
    const keys = [`id:${id}`, ...(known?.domains ?? []).map((domain) => `domain:${domain}`)];
    for (const key of keys) {
      this.entries.delete(key);
      // A load that began before the change may still bring the old tenant: it must not be joined, nor kept.
      this.flights.delete(key);
    }
    await Promise.all(keys.map((key) => this.cache.del(cacheKey(key))));
  }

  private async find(key: string, load: () => Promise<Tenant | undefined>): Promise<Tenant | undefined> {
    const entry = this.entries.get(key);
    if (entry && Date.now() - entry.loadedAt < this.ttlOf(entry)) return entry.tenant;
    const running = this.flights.get(key);
    if (running) return running;
    const flight = this.load(key, load, () => this.flights.get(key) === flight);
    this.flights.set(key, flight);
    try {
      return await flight;
    } finally {
      if (this.flights.get(key) === flight) this.flights.delete(key);
    }
  }

  private async load(
    key: string,
    load: () => Promise<Tenant | undefined>,
    isCurrent: () => boolean,
  ): Promise<Tenant | undefined> {
    const cached = await this.fromCache(key);
    if (cached) {
      if (isCurrent()) this.entries.set(key, cached);
      return cached.tenant;
    }
    try {
      const tenant = await load();
      if (isCurrent()) {
        const entry = { tenant, loadedAt: Date.now() };
        this.entries.set(key, entry);
        if (tenant) await this.cache.set(cacheKey(key), entry, this.options.ttl).catch(() => undefined);
      }
      return tenant;
    } catch (error) {
      const known = this.entries.get(key);
      if (known?.tenant && Date.now() - known.loadedAt < this.options.staleTtl) return known.tenant;
      if (error instanceof TenancyError) throw error;
      throw new TenantServiceUnavailableError('The tenant store failed.', { cause: error });
    }
  }

  /** A cache that fails, or holds something else than what was put there, is a cache miss. */
  private async fromCache(key: string): Promise<Entry | undefined> {
    try {
      const entry: unknown = await this.cache.get(cacheKey(key));
      if (!isRecord(entry) || typeof entry.loadedAt !== 'number' || !isRecord(entry.tenant)) return undefined;
      if (Date.now() - entry.loadedAt >= this.options.ttl) return undefined;
      const tenant = defineTenant(entry.tenant as unknown as TenantInit);
      if (key.startsWith('id:') && key !== `id:${tenant.id}`) return undefined;
      return { tenant, loadedAt: entry.loadedAt };
    } catch {
      return undefined;
    }
  }

  private ttlOf({ tenant }: Entry): number {
    return tenant ? this.options.ttl : this.options.negativeTtl;
  }
}

function cacheKey(key: string): string {
  return `tenancy:tenant:${key}`;
}
