import type { Observable } from 'rxjs';
import { TenancyOptionsError, TenantNotFoundError, TenantSuspendedError } from '../tenancy.errors.js';
import { adoptAnswer } from './adopt-answer.js';
import type { TenantNotice } from './changes-of-tenants.js';
import { ChangesOfTenants } from './changes-of-tenants.js';
import { KnownTenants } from './known-tenants.js';
import type { CacheManager } from './shared-cache.js';
import { SharedCache } from './shared-cache.js';
import { SteadyClock } from './steady-clock.js';
import { StoreGuard } from './store-guard.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import { completeCacheOptions } from './tenant-cache-options.js';
import { foldDomain } from './tenant-domains.js';
import { TenantIdValidator } from './tenant-id.js';
import type { TenantMetrics } from './tenant-metrics.js';
import { TenantCounters } from './tenant-metrics.js';
import type { TenantConfigCondition, TenantList, TenantPage, TenantStore, TenantWatch } from './tenant-store.js';
import type { Tenant } from './tenant.js';
import { defineTenant } from './tenant.js';

// The longest host name that there is.
const MAX_DOMAIN_LENGTH = 253;

/**
 * Knows the tenants: first from this process, then from cache-manager, then from the store. Of several requests for
 * one tenant that is not known yet, one asks the store. While the store does not answer, a tenant that was known keeps
 * working up to `staleTtl`; one that is unknown is refused, at once when the store failed several times in a row.
 *
 * @example const acme = await tenants.getTenant('acme'); // or TenantNotFoundError, TenantSuspendedError, …
 */
export class TenantService {
  /** Each tenant as this process learns of it, changed or not, outside of every scope or in that of whoever changed it. */
  readonly learned: Observable<Tenant>;
  /**
   * What the store tells of changes, as soon as this process has forgotten what it knew.
   *
   * @example tenants.changes.subscribe((notice) => notice.type === 'changed' && sockets.close(notice.id))
   */
  readonly changes: Observable<TenantNotice>;
  private readonly guard: StoreGuard;
  private readonly known: KnownTenants;
  private readonly listener: ChangesOfTenants;

  constructor(
    private readonly store: TenantStore,
    cache?: CacheManager,
    options: Partial<TenantCacheOptions> = {},
    private readonly ids: TenantIdValidator = new TenantIdValidator(),
  ) {
    const { secret, ...others } = completeCacheOptions(options);
    // All keep the options, and one of them has to know the secret.
    const completed: TenantCacheOptions = { ...others, secret: undefined };
    const counters = new TenantCounters();
    this.guard = new StoreGuard(completed, counters);
    const clock = new SteadyClock();
    const shared = new SharedCache(cache, completed, counters, clock, secret);
    this.known = new KnownTenants(this.guard, shared, completed, counters, clock);
    this.learned = this.known.learned.asObservable();
    this.listener = new ChangesOfTenants(this.known, this.ids, counters);
    this.changes = this.listener.notices.asObservable();
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

  /**
   * The active tenant of an id where this process knows it and may rely on it; `undefined` says only that somebody has to be
   * asked, as `getTenant()` does.
   */
  recall(id: string): Tenant | undefined {
    return this.known.recall(`id:${id}`);
  }

  /** The tenant of an id whatever its status; `undefined` where there is none. */
  async findTenant(id: string): Promise<Tenant | undefined> {
    if (!this.ids.isValid(id)) return undefined;
    return this.known.find(`id:${id}`, () => this.store.findById(id));
  }

  /** The tenant that a whole host name belongs to; `undefined` where it is no tenant's. */
  async findTenantByDomain(domain: string): Promise<Tenant | undefined> {
    const { store } = this;
    if (!store.findByDomain) throw new TenancyOptionsError('The tenant store has no findByDomain().');
    const name = foldDomain(domain);
    if (name.length > MAX_DOMAIN_LENGTH) return undefined;
    return this.known.find(`domain:${name}`, () => store.findByDomain!(name));
  }

  /** The tenants in the order of their ids, straight from the store. */
  async listTenants({ limit = 50, offset = 0 }: Partial<TenantPage> = {}): Promise<TenantList> {
    const { store } = this;
    if (!store.list) throw new TenancyOptionsError('The tenant store has no list().');
    const { tenants, total } = await this.guard.read(() => store.list!({ limit, offset }));
    return { tenants: tenants.map((tenant) => defineTenant(tenant)), total };
  }

  /** A tenant as this process knows it now, however long ago it was asked for; nobody is asked. */
  peek(id: string): Tenant | undefined {
    return this.known.peek(`id:${id}`);
  }

  /** Stores a change of a tenant's settings and forgets what was cached of it. It is asked for once: never tried again. */
  async updateConfig(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    condition?: TenantConfigCondition,
  ): Promise<Tenant> {
    const { store } = this;
    if (!store.updateConfig) throw new TenancyOptionsError('The tenant store has no updateConfig().');
    this.ids.parse(id);
    const change = async () => adoptAnswer(`id:${id}`, await store.updateConfig!(id, patch, condition));
    let changed: Tenant | undefined;
    try {
      changed = await this.guard.write(change);
    } catch (error) {
      // A change that was not confirmed may have been made; while the store is away, nobody is shut out for it.
      await this.known.doubt(id);
      throw error;
    }
    await this.invalidate(id);
    if (!changed) throw new TenantNotFoundError(id);
    this.known.learned.next(changed);
    return changed;
  }

  /**
   * The tenant of an id as the store has it now, whatever is known of it. Where the store does not answer, it throws
   * `TenantServiceUnavailableError`, and the tenant keeps working as it was known.
   *
   * @example const { plan } = (await tenants.recheck('acme')) ?? {};
   */
  async recheck(id: string): Promise<Tenant | undefined> {
    if (!this.ids.isValid(id)) return undefined;
    return this.known.recheck(id, () => this.store.findById(id));
  }

  /**
   * Forgets what this process and the shared cache know of a tenant. Where that cache does not answer, the other
   * instances see the change after `ttl` at the latest.
   */
  async invalidate(id: string): Promise<void> {
    await this.known.forget(new Set([id]));
  }

  /**
   * Lets the store tell of changes until what is returned is closed, which the module does from its start to its end; `undefined`
   * where the store cannot. A changed tenant is forgotten at once. After a time in which changes were not told, everything
   * that is known is looked up again before it is used, and used as it was only while the store does not answer.
   */
  watch(): TenantWatch | undefined {
    return this.store.watch?.(this.listener);
  }

  /**
   * What this service did and how it stands: how many answers came from where, how old they are, what was refused.
   *
   * @example
   * // Prometheus, with prom-client: the values are read when they are scraped.
   * new Gauge({
   *   name: 'tenancy_oldest_tenant_seconds',
   *   help: 'The age of the oldest tenant that this process keeps',
   *   collect() {
   *     this.set(tenants.metrics().oldestAge / 1_000);
   *   },
   * });
   */
  metrics(): TenantMetrics {
    return this.known.metrics();
  }
}
