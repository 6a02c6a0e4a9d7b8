import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { Cache } from 'cache-manager';
import { createCache } from 'cache-manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantServiceUnavailableError, TenantSuspendedError } from '../tenancy.errors.js';
import type { TenantNotice } from './changes-of-tenants.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { TenantChangeListener, TenantWatch } from './tenant-store.js';
import type { Tenant } from './tenant.js';
import { TenantService } from './tenant.service.js';

/** A store that tells of changes when it is told to, and answers what was so when it was asked, when it is let. */
class TellingStore extends InMemoryTenantStore {
  asked = 0;
  fails = false;
  gate: Promise<void> = Promise.resolve();
  readonly listeners = new Set<TenantChangeListener>();

  override findById(id: string): Promise<Tenant | undefined> {
    return this.late(super.findById(id));
  }

  override findByDomain(domain: string): Promise<Tenant | undefined> {
    return this.late(super.findByDomain(domain));
  }

  watch(listener: TenantChangeListener): TenantWatch {
    this.listeners.add(listener);
    return { close: async () => void this.listeners.delete(listener) };
  }

  /** Nobody is answered until what is returned is called. */
  close(): () => void {
    let open = (): void => undefined;
    this.gate = new Promise((resolve) => (open = resolve));
    return open;
  }

  async tell(tell: (listener: TenantChangeListener) => void): Promise<void> {
    for (const listener of this.listeners) tell(listener);
    await turn();
  }

  private async late<T>(answer: Promise<T>): Promise<T> {
    this.asked += 1;
    const found = await answer;
    await this.gate;
    if (this.fails) throw new Error('connect ECONNREFUSED');
    return found;
  }
}

const acme = { id: 'acme', schema: 't_acme', domains: ['acme.test'] };
const suspended = { ...acme, status: 'suspended' } as const;
const watches: Array<TenantWatch | undefined> = [];
let store: TellingStore;
let cache: Cache;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  store = new TellingStore([acme, { id: 'globex', schema: 't_globex' }]);
  cache = createCache();
});
afterEach(async () => {
  for (const watch of watches.splice(0)) await watch?.close();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** An instance that hears of changes; all of them have one cache. */
function instance(options: Partial<TenantCacheOptions> = {}): TenantService {
  const tenants = new TenantService(store, cache, { ttl: 60_000, retries: 0, staleWait: 5, ...options });
  watches.push(tenants.watch());
  return tenants;
}

const after = (milliseconds: number): void => {
  vi.setSystemTime(Date.now() + milliseconds);
};
const changed = (id: string) => store.tell((listener) => listener.changed(id));
const resumed = () => store.tell((listener) => listener.resumed());
const lost = () => store.tell((listener) => listener.lost(new Error('The connection was closed.')));

describe('a tenant that was changed', () => {
  it('is known as it is by the next who asks, on every instance, by its id and by its domain', async () => {
    const instances = [instance(), instance()];
    for (const tenants of instances) {
      await tenants.getTenant('acme');
      await tenants.findTenantByDomain('acme.test');
    }
    store.save(suspended);
    await changed('acme');

    for (const tenants of instances) {
      expect(tenants.recall('acme')).toBeUndefined();
      await expect(tenants.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
      expect((await tenants.findTenantByDomain('acme.test'))?.status).toBe('suspended');
    }
  });

  it('leaves what is known of the others', async () => {
    const tenants = instance();
    await tenants.getTenant('globex');
    await changed('acme');
    await tenants.getTenant('globex');

    expect(store.asked).toBe(1);
  });

  it('is not what a look-up brings that was under way, by its id or by its domain', async () => {
    const tenants = instance();
    const open = store.close();
    const asking = [tenants.findTenant('acme'), tenants.findTenantByDomain('acme.test')];
    await turn();
    store.save(suspended);
    await changed('acme');
    const joining = tenants.findTenant('acme');
    open();
    await Promise.all(asking);

    expect((await joining)?.status).toBe('suspended');
    expect((await tenants.findTenant('acme'))?.status).toBe('suspended');
    expect((await tenants.findTenantByDomain('acme.test'))?.status).toBe('suspended');
    // Nor is it left to the others.
    const other = instance();
    expect((await other.findTenant('acme'))?.status).toBe('suspended');
    expect((await other.findTenantByDomain('acme.test'))?.status).toBe('suspended');
  });

  it('is not what another instance, whose clock is ahead, has put into the shared cache', async () => {
    const tenants = instance();
    await tenants.getTenant('acme');
    store.save(suspended);
    await changed('acme');
    for (const key of ['id:acme', 'domain:acme.test']) {
      await cache.set(`tenancy:tenant:${key}`, { key, tenant: acme, loadedAt: Date.now() - 1 });
    }
    expect((await tenants.findTenantByDomain('acme.test'))?.status).toBe('suspended');
    after(1);
    await cache.set('tenancy:tenant:id:acme', { key: 'id:acme', tenant: acme, loadedAt: Date.now() + 5_000 });

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
  });

  it('is not that when this clock has caught up with the other either, until the store was asked', async () => {
    const tenants = instance();
    await tenants.getTenant('acme');
    store.save(suspended);
    await changed('acme');
    // As it was loaded before the change, by a clock that says that it was after.
    await cache.set('tenancy:tenant:id:acme', { key: 'id:acme', tenant: acme, loadedAt: Date.now() + 5_000 });
    after(5_001);

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
    expect(store.asked).toBe(2);
  });

  it('is not what an instance that is gone has left in the shared cache, by a domain that nobody here knows', async () => {
    const gone = new TenantService(store, cache);
    await gone.getTenant('acme');
    await gone.findTenantByDomain('acme.test');
    const tenants = instance();
    store.save(suspended);
    await changed('acme');
    after(1);

    expect((await tenants.findTenantByDomain('acme.test'))?.status).toBe('suspended');
    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
  });

  it('was nobody until then', async () => {
    const tenants = instance({ negativeTtl: 60_000 });
    expect(await tenants.findTenant('initech')).toBeUndefined();
    store.save({ id: 'initech', schema: 't_initech' });
    await changed('initech');

    expect(await tenants.findTenant('initech')).toMatchObject({ id: 'initech' });
  });

  it('has a domain from then on that was nobody’s until then', async () => {
    const tenants = instance({ negativeTtl: 60_000 });
    expect(await tenants.findTenantByDomain('shop.test')).toBeUndefined();
    store.save({ ...acme, domains: ['acme.test', 'shop.test'] });
    await changed('acme');

    expect((await tenants.findTenantByDomain('shop.test'))?.id).toBe('acme');
  });

  it('has given a domain away, and whoever asks for that is not told what was so before', async () => {
    const tenants = instance({ negativeTtl: 60_000 });
    const open = store.close();
    const asking = [tenants.findTenantByDomain('acme.test'), tenants.findTenantByDomain('shop.test')];
    await turn();
    store.save({ ...acme, domains: [] });
    store.save({ id: 'globex', schema: 't_globex', domains: ['acme.test', 'shop.test'] });
    await changed('acme');
    await changed('globex');
    store.gate = Promise.resolve();
    const domains = ['acme.test', 'shop.test'];
    const later = await Promise.all(domains.map((domain) => tenants.findTenantByDomain(domain)));
    expect(later.map((tenant) => tenant?.id)).toEqual(['globex', 'globex']);

    // What was asked before is answered at last, and not kept.
    open();
    expect((await Promise.all(asking)).map((tenant) => tenant?.id)).toEqual(['acme', undefined]);
    const last = await Promise.all(domains.map((domain) => tenants.findTenantByDomain(domain)));
    expect(last.map((tenant) => tenant?.id)).toEqual(['globex', 'globex']);
  });

  it('keeps nobody from keeping the other tenants by their domains', async () => {
    const tenants = instance();
    const open = store.close();
    const asking = tenants.findTenantByDomain('acme.test');
    await turn();
    await changed('globex');
    open();
    await asking;
    await tenants.findTenantByDomain('acme.test');

    expect(store.asked).toBe(1);
  });

  it('is refused while the registry is down: what was known is known to be wrong', async () => {
    const tenants = instance();
    await tenants.getTenant('acme');
    await changed('acme');
    store.fails = true;

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('is told to the application when it is forgotten here', async () => {
    const tenants = instance();
    await tenants.getTenant('acme');
    const heard: TenantNotice[] = [];
    const known: unknown[] = [];
    tenants.changes.subscribe((notice) => {
      heard.push(notice);
      known.push(tenants.peek('acme')?.id);
    });
    await store.tell((listener) => {
      for (const id of ['acme', 'acme', 'globex', '../admin', 'A'.repeat(9_000)]) listener.changed(id);
    });

    expect(heard).toEqual([
      { type: 'changed', id: 'acme' },
      { type: 'changed', id: 'globex' },
    ]);
    expect(known[0]).toBeUndefined();
  });
});

describe('all that is known when changes are heard of again', () => {
  it('is looked up before it is used, as any of it may have changed unheard', async () => {
    const [tenants, other] = [instance(), instance()];
    await tenants.getTenant('acme');
    await tenants.findTenantByDomain('acme.test');
    await other.getTenant('acme');
    await lost();
    store.save(suspended);
    expect((await tenants.getTenant('acme')).status).toBe('active');
    after(1);
    await resumed();

    expect(tenants.recall('acme')).toBeUndefined();
    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
    expect((await tenants.findTenantByDomain('acme.test'))?.status).toBe('suspended');
    await expect(other.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
  });

  it('is not taken from the shared cache, which may have been left by one that is gone', async () => {
    await new TenantService(store, cache).getTenant('acme');
    store.save(suspended);
    after(1);
    const late = instance();
    await resumed();

    await expect(late.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
  });

  it('is used as it was while the registry is down, as long as is said', async () => {
    const tenants = instance({ staleTtl: 600_000 });
    await tenants.getTenant('acme');
    after(1_000);
    await resumed();
    store.fails = true;

    expect((await tenants.getTenant('acme')).id).toBe('acme');
    expect(tenants.metrics().stale).toBe(1);
    after(600_000);
    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('is not what a look-up brings that was under way', async () => {
    const tenants = instance();
    const open = store.close();
    const asking = tenants.findTenant('acme');
    await turn();
    store.save(suspended);
    await resumed();
    const joining = tenants.findTenant('acme');
    open();
    await asking;

    expect((await joining)?.status).toBe('suspended');
    expect((await tenants.findTenant('acme'))?.status).toBe('suspended');
  });

  it('is asked for once, and kept again from then on', async () => {
    const tenants = instance();
    await tenants.getTenant('acme');
    after(1);
    await resumed();
    after(1);
    for (let n = 0; n < 5; n += 1) await tenants.getTenant('acme');

    expect(store.asked).toBe(2);
  });
});

describe('the metrics', () => {
  it('say whether changes are heard of, and of how many', async () => {
    const tenants = new TenantService(store);
    expect(tenants.metrics()).toMatchObject({ watch: 'off', changes: { heard: 0, resumed: 0 } });
    watches.push(tenants.watch());
    await lost();
    expect(tenants.metrics().watch).toBe('lost');
    await resumed();
    await changed('acme');

    expect(tenants.metrics()).toMatchObject({ watch: 'listening', changes: { heard: 1, resumed: 1 } });
  });
});

describe('an instance that hears of no changes', () => {
  it('sees one when the time to live is over', async () => {
    const tenants = new TenantService(store, undefined, { ttl: 1_000, refreshAt: 1 });
    await tenants.getTenant('acme');
    store.save(suspended);
    await changed('acme');

    expect((await tenants.getTenant('acme')).status).toBe('active');
    after(1_000);
    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
  });
});
