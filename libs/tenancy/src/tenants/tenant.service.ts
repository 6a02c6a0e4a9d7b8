import { Logger } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import {
  TenancyError,
  TenancyOptionsError,
  TenantNotFoundError,
  TenantServiceUnavailableError,
  TenantSuspendedError,
} from '../tenancy.errors.js';
import { BoundedMap } from './bounded-map.js';
import { withDeadline } from './deadline.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import { completeCacheOptions } from './tenant-cache-options.js';
import { TenantIdValidator } from './tenant-id.js';
import type { TenantConfigCondition, TenantList, TenantPage, TenantStore } from './tenant-store.js';
import type { Tenant } from './tenant.js';
import { defineTenant, isRecord } from './tenant.js';

interface Entry {
  readonly tenant: Tenant;
  readonly loadedAt: number;
  /** Until when a store that did not answer is left alone. */
  readonly retryAt?: number;
}

/**
 * Knows the tenants: first from this process, then from cache-manager, then from the store. Of several requests for
 * one tenant that is not known yet, one asks the store. While the store does not answer, a tenant that was known keeps
 * working up to `staleTtl`.
 */
export class TenantService {
  /** Each tenant as this process learns of it, changed or not, in the context of whoever asked for it. */
  readonly learned: Observable<Tenant>;
  private readonly learnings = new Subject<Tenant>();
  private readonly known: BoundedMap<string, Entry>;
  // Apart from the known ones, and when they were found missing: a flood of ids that are nobody's pushes out no tenant.
  private readonly absent: BoundedMap<string, number>;
  /** When what was known was declared out of date: a copy of before is not taken back from a shared cache. */
  private readonly changed: BoundedMap<string, number>;
  private readonly flights = new Map<string, Promise<Tenant | undefined>>();
  private readonly options: TenantCacheOptions;
  private readonly logger = new Logger('TenancyModule');
  private isStoreDown = false;

  constructor(
    private readonly store: TenantStore,
    private readonly cache?: Pick<Cache, 'get' | 'set' | 'del'>,
    options: Partial<TenantCacheOptions> = {},
    private readonly ids: TenantIdValidator = new TenantIdValidator(),
  ) {
    this.options = completeCacheOptions(options);
    this.learned = this.learnings.asObservable();
    this.known = new BoundedMap(this.options.max);
    this.absent = new BoundedMap(this.options.max);
    this.changed = new BoundedMap(this.options.max);
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
    const entry = this.known.get(`id:${id}`);
    if (!entry || Date.now() - entry.loadedAt >= this.options.ttl) return undefined;
    return entry.tenant.status === 'active' ? entry.tenant : undefined;
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
    const { store } = this;
    if (!store.list) throw new TenancyOptionsError('The tenant store has no list().');
    const { tenants, total } = await this.ask(() => store.list!({ limit, offset }));
    return { tenants: tenants.map((tenant) => defineTenant(tenant)), total };
  }

  /** A tenant as this process knows it now, however long ago it was asked for; nobody is asked. */
  peek(id: string): Tenant | undefined {
    return this.known.get(`id:${id}`)?.tenant;
  }

  /** Stores a change of a tenant's settings and forgets what was cached of it. */
  async updateConfig(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    condition?: TenantConfigCondition,
  ): Promise<Tenant> {
    const { store } = this;
    if (!store.updateConfig) throw new TenancyOptionsError('The tenant store has no updateConfig().');
    this.ids.parse(id);
    let updated: Tenant;
    try {
      updated = defineTenant(await this.ask(() => store.updateConfig!(id, patch, condition)));
    } finally {
      // After a failure too: a change that was not confirmed may have been made.
      await this.invalidate(id);
    }
    this.learnings.next(updated);
    return updated;
  }

  /**
   * Forgets what this process and the shared cache know of a tenant. Where that cache does not answer, the other
   * instances see the change after `ttl` at the latest.
   */
  async invalidate(id: string): Promise<void> {
    const domains = this.known.get(`id:${id}`)?.tenant.domains ?? [];
    const keys = [`id:${id}`, ...domains.map((domain) => `domain:${domain}`)];
    for (const key of keys) {
      this.known.delete(key);
      this.absent.delete(key);
      // A load that began before the change may still bring the old tenant: it must not be joined, nor kept.
      this.flights.delete(key);
      this.changed.set(key, Date.now());
    }
    await Promise.all(keys.map((key) => this.deleteCached(key)));
  }

  private async find(key: string, load: () => Promise<Tenant | undefined>): Promise<Tenant | undefined> {
    const now = Date.now();
    const entry = this.known.get(key);
    if (entry && (now - entry.loadedAt < this.options.ttl || (this.isUsable(entry) && now < entry.retryAt!))) {
      return entry.tenant;
    }
    const missedAt = this.absent.get(key);
    if (missedAt !== undefined && now - missedAt < this.options.negativeTtl) return undefined;
    const running = this.flights.get(key);
    // While the store does not answer, one caller asks it again and the others take at once what is known.
    if (running) return entry && this.isUsable(entry) ? entry.tenant : running;
    const flight: Promise<Tenant | undefined> = this.load(key, load, () => this.flights.get(key) === flight);
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
      if (isCurrent()) {
        this.known.set(key, cached);
        this.learnings.next(cached.tenant);
      }
      return cached.tenant;
    }
    try {
      const tenant = await this.ask(async () => adopt(key, await load()));
      if (isCurrent()) await this.remember(key, tenant, isCurrent);
      return tenant;
    } catch (error) {
      const entry = this.known.get(key);
      if (!entry || Date.now() - entry.loadedAt >= this.options.staleTtl) throw error;
      this.known.set(key, { ...entry, retryAt: Date.now() + this.options.retryAfter });
      return entry.tenant;
    }
  }

  private async remember(key: string, tenant: Tenant | undefined, isCurrent: () => boolean): Promise<void> {
    const loadedAt = Date.now();
    if (!tenant) {
      this.known.delete(key);
      this.absent.set(key, loadedAt);
      return;
    }
    this.absent.delete(key);
    this.known.set(key, { tenant, loadedAt });
    this.learnings.next(tenant);
    await this.withCache((cache) => cache.set(cacheKey(key), { key, tenant, loadedAt }, this.options.ttl));
    // What was declared out of date on the way there must not stay there.
    if (!isCurrent()) await this.deleteCached(key);
  }

  /** Whether the store failed to answer for a tenant that may still be used as it was known. */
  private isUsable({ retryAt, loadedAt }: Entry): boolean {
    return retryAt !== undefined && Date.now() - loadedAt < this.options.staleTtl;
  }

  /** A cache that fails, or holds something else than what was put there, is a cache miss. */
  private async fromCache(key: string): Promise<Entry | undefined> {
    const entry: unknown = await this.withCache((cache) => cache.get(cacheKey(key)));
    if (!isRecord(entry) || entry.key !== key || typeof entry.loadedAt !== 'number') return undefined;
    // Another instance's clock may be ahead of this one's: nothing is younger than now.
    const loadedAt = Math.min(entry.loadedAt, Date.now());
    if (!(Date.now() - loadedAt < this.options.ttl) || loadedAt <= (this.changed.get(key) ?? 0)) return undefined;
    try {
      const tenant = adopt(key, entry.tenant as Tenant | undefined);
      return tenant && { tenant, loadedAt };
    } catch {
      return undefined;
    }
  }

  private async deleteCached(key: string): Promise<void> {
    await this.withCache((cache) => cache.del(cacheKey(key)));
  }

  /** A cache that fails, or hangs, is done without. */
  private async withCache<T>(use: (cache: Pick<Cache, 'get' | 'set' | 'del'>) => Promise<T>): Promise<T | undefined> {
    const { cache } = this;
    if (!cache) return undefined;
    try {
      return await withDeadline(use(cache), this.options.cacheTimeout, 'The cache');
    } catch {
      return undefined;
    }
  }

  /** Whatever keeps the store from answering is one error; what it says of tenancy itself stays what it is. */
  private async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      const answer = await withDeadline(question(), this.options.storeTimeout, 'The tenant store');
      this.note(undefined);
      return answer;
    } catch (error) {
      const failure =
        error instanceof TenancyError
          ? error
          : new TenantServiceUnavailableError('The tenant store failed.', { cause: error });
      if (failure instanceof TenantServiceUnavailableError) this.note(failure);
      throw failure;
    }
  }

  /** Known tenants hide that the store is down: the log says when it begins, and when it is over. */
  private note(failure: TenantServiceUnavailableError | undefined): void {
    if (this.isStoreDown === (failure !== undefined)) return;
    this.isStoreDown = failure !== undefined;
    if (!failure) return this.logger.log('The tenant store answers again.');
    const { message, cause } = failure;
    this.logger.warn(`${message} Known tenants keep working.${cause instanceof Error ? ` ${cause.message}` : ''}`);
  }
}

/** What was found, frozen. Throws where it is not a tenant, or one of another id than was asked for. */
function adopt(key: string, found: Tenant | undefined): Tenant | undefined {
  if (found === undefined || found === null) return undefined;
  const tenant = defineTenant(found);
  if (!key.startsWith('id:') || key === `id:${tenant.id}`) return tenant;
  throw new TenantServiceUnavailableError(`The answer for ${key} is another tenant.`);
}

function cacheKey(key: string): string {
  return `tenancy:tenant:${key}`;
}
