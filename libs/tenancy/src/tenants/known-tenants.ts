import { Subject } from 'rxjs';
import { AbsentTenants, isDomain } from './absent-tenants.js';
import { adoptAnswer } from './adopt-answer.js';
import { BoundedMap } from './bounded-map.js';
import { soon } from './deadline.js';
import { Flights } from './flights.js';
import { KeptTenants } from './kept-tenants.js';
import type { LoadedTenant, SharedCache } from './shared-cache.js';
import type { SteadyClock } from './steady-clock.js';
import type { StoreGuard } from './store-guard.js';
import { StoreLookups } from './store-lookups.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { TenantEntry } from './tenant-entry.js';
import { isActive } from './tenant-entry.js';
import type { TenantCounters, TenantMetrics } from './tenant-metrics.js';
import type { Tenant } from './tenant.js';
import { isStoreAway } from './unusable-answer.js';

type Question = () => Promise<Tenant | undefined>;

/** What this process knows of the tenants, each under a key, and how that is kept up to date. */
export class KnownTenants {
  /** Each tenant that this process learns of, changed or not. */
  readonly learned = new Subject<Tenant>();
  private readonly kept: KeptTenants;
  private readonly absent: AbsentTenants;
  private readonly flights = new Flights<Tenant | undefined>();
  private readonly lookups: StoreLookups;
  // Which tenants changed while a domain was looked up: the answer may be one of them, as it was.
  private readonly changed: BoundedMap<string, number>;
  private changes = 0;

  constructor(
    private readonly guard: StoreGuard,
    private readonly shared: SharedCache,
    private readonly options: TenantCacheOptions,
    private readonly counters: TenantCounters,
    private readonly clock: SteadyClock,
  ) {
    this.kept = new KeptTenants(options, clock);
    this.absent = new AbsentTenants(options, clock);
    this.changed = new BoundedMap(options.max);
    this.lookups = new StoreLookups(guard, options, counters);
  }

  /** Forgets what this process, at once, and the shared cache keep of tenants. */
  async forget(ids: ReadonlySet<string>): Promise<void> {
    const keys = this.outdated(ids);
    for (const key of keys) {
      this.kept.forget(key);
      this.absent.delete(key);
    }
    this.absent.distrustDomains();
    await this.forgetShared(keys);
  }

  /** A tenant may have changed: the store is asked before it is used, and it stays what it was where that does not answer. */
  async doubt(id: string): Promise<void> {
    const keys = this.outdated(new Set([id]));
    for (const key of keys) this.kept.doubt(key);
    await this.forgetShared(keys);
  }

  /** The tenant of a key as the store answers now, whatever is known of it. */
  async recheck(id: string, question: Question): Promise<Tenant | undefined> {
    await this.doubt(id);
    return this.fly(`id:${id}`, question, this.kept.get(`id:${id}`));
  }

  /** Under what these tenants are kept; what is under way for them may bring them as they were. */
  private outdated(ids: ReadonlySet<string>): ReadonlySet<string> {
    const keys = this.kept.keysOf(ids);
    this.changes += 1;
    for (const id of ids) this.changed.set(id, this.changes);
    for (const key of keys) this.flights.drop(key);
    // Any of these may find one of them; load() keeps it only where it does not.
    this.flights.part(isDomain);
    return keys;
  }

  private async forgetShared(keys: ReadonlySet<string>): Promise<void> {
    await Promise.all([...keys].map((key) => this.shared.forget(key)));
  }

  /** Everything that is known is due; it stays what there is while the store does not answer. */
  distrust(): void {
    this.kept.distrust();
    this.changes += 1;
    this.absent.distrust();
    this.shared.distrust();
    // What is under way may bring what was so before: it must not be joined, nor kept.
    this.flights.dropAll();
  }

  /** The tenant of a key as it is kept, however old that is. */
  peek(key: string): Tenant | undefined {
    return this.kept.get(key)?.tenant;
  }

  metrics(): TenantMetrics {
    return {
      ...structuredClone({ ...this.counters }),
      breaker: this.guard.breaker.state,
      entries: { known: this.kept.size, absent: this.absent.size },
      oldestAge: this.kept.oldestAge,
      lookups: { running: this.lookups.unknown.running, waiting: this.lookups.unknown.waiting },
    };
  }

  /** The active tenant of a key where nobody has to be asked, now or in the background. */
  recall(key: string): Tenant | undefined {
    const entry = this.kept.get(key);
    const now = this.clock.now();
    if (!entry || now >= entry.refreshAt || !this.kept.isFresh(entry, now)) return undefined;
    if (!isActive(entry.tenant)) return undefined;
    this.counters.hits.process += 1;
    return entry.tenant;
  }

  /** The tenant of a key: as it is kept, or as the question is answered. */
  async find(key: string, question: Question): Promise<Tenant | undefined> {
    const now = this.clock.now();
    const entry = this.kept.get(key);
    if (entry && this.kept.isFresh(entry, now)) {
      if (now >= entry.refreshAt) this.refresh(key, question, entry);
      this.counters.hits.process += 1;
      return entry.tenant;
    }
    if (entry && this.kept.isUsable(entry)) return this.renew(key, question, entry);
    if (this.absent.has(key)) {
      this.counters.misses.process += 1;
      return undefined;
    }
    return this.absent.hadNobody(key) ? this.confirmAbsence(key, question) : this.fly(key, question, entry);
  }

  /** A host that was nobody's stays so while the store does not answer: what else names the tenant decides. */
  private async confirmAbsence(key: string, question: Question): Promise<Tenant | undefined> {
    const isBeingAsked = this.absent.isFailing(key) && this.flights.has(key);
    if (isBeingAsked || this.absent.isLeftAlone(key)) return undefined;
    try {
      return await this.fly(key, question);
    } catch (error) {
      if (!isStoreAway(error) || !this.absent.hadNobody(key)) throw error;
      this.absent.leaveAlone(key);
      return undefined;
    }
  }

  /** Looks a tenant up before anybody has to wait for it. */
  private refresh(key: string, question: Question, entry: TenantEntry): void {
    if (this.flights.has(key) || this.clock.now() < (entry.retryAt ?? 0)) return;
    this.counters.refreshes += 1;
    // What comes of it is kept, or noted, by the flight itself.
    this.fly(key, question, entry).catch(() => undefined);
  }

  /** A tenant that is due: as it is now where the store answers soon, as it was known otherwise. */
  private async renew(key: string, question: Question, entry: TenantEntry): Promise<Tenant | undefined> {
    const isFailing = entry.retryAt !== undefined;
    // While the store does not answer, one caller asks it again and the others take at once what is known.
    if (this.clock.now() < (entry.retryAt ?? 0) || (isFailing && this.flights.has(key))) return this.stale(entry);
    const flight = this.fly(key, question, entry);
    try {
      // What may have changed is waited for, however long it takes.
      const answer = entry.isDoubted ? await flight : await soon(flight, this.options.staleWait);
      if (answer !== 'late') return answer;
      this.kept.leaveAlone(key);
    } catch (error) {
      // Declared out of date in the meantime: then it is not what anybody knows any more.
      if (!this.kept.isUsable(this.kept.get(key))) throw error;
    }
    const last = this.kept.get(key);
    return this.kept.isUsable(last) ? this.stale(last) : flight;
  }

  /** Joins the look-up of a key that is under way, or begins it. */
  private fly(key: string, question: Question, entry?: TenantEntry): Promise<Tenant | undefined> {
    const running = this.flights.get(key);
    if (running) {
      this.counters.joined += 1;
      return running;
    }
    return this.flights.begin(key, (mayKeep) => this.load(key, question, mayKeep, entry));
  }

  private async load(
    key: string,
    question: Question,
    mayKeep: () => boolean,
    entry: TenantEntry | undefined,
  ): Promise<Tenant | undefined> {
    // Before the question: what is changed while it is answered may be missing in the answer.
    const loadedAt = this.clock.now();
    const { changes } = this;
    const isUnchanged = (tenant: Tenant | undefined): boolean =>
      tenant ? (this.changed.get(tenant.id) ?? 0) <= changes : !isDomain(key) || this.changes === changes;
    // A later look-up of the same domain may have ended before this one.
    const isLatest = (): boolean => loadedAt >= (this.kept.get(key)?.loadedAt ?? loadedAt);
    const isNewest = (tenant: Tenant | undefined): boolean => mayKeep() && isUnchanged(tenant) && isLatest();
    const shared = await this.shared.get(key, entry?.loadedAt);
    // Where a tenant's tables are does not change but by a move: that only the store says.
    if (shared && (!entry || isSamePlace(shared.tenant, entry.tenant))) {
      this.counters.hits.sharedCache += 1;
      if (isNewest(shared.tenant)) this.keep(key, shared);
      return shared.tenant;
    }
    const ask = async () => adoptAnswer(key, await question());
    try {
      const tenant = await (this.kept.isKnown(key) ? this.lookups.ofKnown(ask) : this.lookups.ofUnknown(ask));
      if (tenant) this.counters.hits.store += 1;
      else this.counters.misses.store += 1;
      if (isNewest(tenant)) await this.remember(key, tenant, loadedAt, () => isNewest(tenant));
      return tenant;
    } catch (error) {
      if (entry) this.counters.failedRenewals += 1;
      if (mayKeep()) this.kept.leaveAlone(key);
      throw error;
    }
  }

  private async remember(
    key: string,
    tenant: Tenant | undefined,
    loadedAt: number,
    isNewest: () => boolean,
  ): Promise<void> {
    if (!tenant) {
      this.kept.delete(key);
      this.absent.add(key);
      return;
    }
    this.keep(key, { tenant, loadedAt });
    if (!isActive(tenant)) {
      // Nobody waits for it: that would take longer than the answer that there is none.
      void this.shared.delete(key);
      return;
    }
    await this.shared.set(key, { tenant, loadedAt });
    // What was declared out of date on the way there must not stay there.
    if (!isNewest()) await this.shared.delete(key);
  }

  private keep(key: string, found: LoadedTenant): void {
    this.absent.delete(key);
    this.kept.keep(key, found);
    this.learned.next(found.tenant);
  }

  private stale(entry: TenantEntry): Tenant {
    this.counters.stale += 1;
    return entry.tenant;
  }
}

function isSamePlace(one: Tenant, other: Tenant): boolean {
  return one.schema === other.schema && one.database === other.database;
}
