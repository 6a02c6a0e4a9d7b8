import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantServiceUnavailableError, TenantSuspendedError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { Tenant } from './tenant.js';
import { TenantService } from './tenant.service.js';

/** A store that answers when it is let. */
class GatedStore extends InMemoryTenantStore {
  asked = 0;
  gate: Promise<void> = Promise.resolve();
  fails = false;

  override async findById(id: string): Promise<Tenant | undefined> {
    this.asked += 1;
    await this.gate;
    if (this.fails) throw new Error('connect ECONNREFUSED');
    return super.findById(id);
  }

  /** Nobody is answered until what is returned is called. */
  close(): () => void {
    let open = (): void => undefined;
    this.gate = new Promise((resolve) => (open = resolve));
    return open;
  }
}

const times = { ttl: 1_000, staleTtl: 10_000, retryAfter: 500, refreshAt: 0.5, retries: 0, staleWait: 5 };
let store: GatedStore;
let tenants: TenantService;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  store = new GatedStore([{ id: 'acme', schema: 't_acme' }]);
  tenants = new TenantService(store, undefined, times);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const after = (milliseconds: number): void => {
  vi.setSystemTime(Date.now() + milliseconds);
};
const golden = { id: 'acme', schema: 't_acme', plan: 'gold' };

describe('a tenant in use that gets old', () => {
  it('is looked up before it is due, and nobody waits for that', async () => {
    await tenants.getTenant('acme');
    store.save(golden);
    const open = store.close();
    after(800);

    for (let n = 0; n < 10; n += 1) expect((await tenants.getTenant('acme')).plan).toBe('default');
    expect(store.asked).toBe(2);

    open();
    await turn();
    expect((await tenants.getTenant('acme')).plan).toBe('gold');
    after(800);
    expect((await tenants.getTenant('acme')).plan).toBe('gold');
    expect(tenants.metrics()).toMatchObject({ refreshes: 2, stale: 0, hits: { store: 2 } });
  });

  it('is not looked up while it is young', async () => {
    await tenants.getTenant('acme');
    after(499);
    await tenants.getTenant('acme');

    expect(store.asked).toBe(1);
  });

  it('is left alone for a while where the store does not answer', async () => {
    await tenants.getTenant('acme');
    store.fails = true;
    after(800);
    for (let n = 0; n < 10; n += 1) {
      await tenants.getTenant('acme');
      await turn();
    }
    expect([store.asked, tenants.metrics().failedRenewals]).toEqual([2, 1]);

    // Due by now, and still left alone.
    after(300);
    await tenants.getTenant('acme');
    expect(store.asked).toBe(2);
    expect(tenants.metrics().stale).toBe(1);
  });

  it('that is deleted is known to be so', async () => {
    await tenants.getTenant('acme');
    store.delete('acme');
    after(800);
    await tenants.getTenant('acme');

    await turn();
    expect(await tenants.findTenant('acme')).toBeUndefined();
  });
});

describe('a clock that is put back', () => {
  it('makes nobody younger: a tenant is asked for again when it was before', async () => {
    await tenants.getTenant('acme');
    store.save({ ...golden, status: 'suspended' });
    after(-3_600_000);
    expect((await tenants.getTenant('acme')).status).toBe('active');
    after(1_000);

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
  });
});

describe('a tenant that is due while the store is slow', () => {
  it('is used as it was known, and is the newest when the answer is there', async () => {
    await tenants.getTenant('acme');
    store.save(golden);
    const open = store.close();
    after(1_000);

    expect((await tenants.getTenant('acme')).plan).toBe('default');
    expect((await tenants.getTenant('acme')).plan).toBe('default');
    expect(tenants.metrics()).toMatchObject({ stale: 2, store: { calls: 2 } });

    open();
    await turn();
    expect((await tenants.getTenant('acme')).plan).toBe('gold');
    expect(store.asked).toBe(2);
  });

  it('is not used as it was known when it is older than is said', async () => {
    await tenants.getTenant('acme');
    store.fails = true;
    after(10_000);

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('is not used as it was known when it is declared out of date on the way', async () => {
    tenants = new TenantService(store, undefined, { ...times, staleWait: 60_000 });
    await tenants.getTenant('acme');
    const open = store.close();
    after(1_000);
    const asking = tenants.getTenant('acme');
    await turn();
    expect(store.asked).toBe(2);
    await tenants.invalidate('acme');
    store.fails = true;
    open();

    await expect(asking).rejects.toThrow(TenantServiceUnavailableError);
  });
});

describe('a tenant that is kept by a domain alone', () => {
  it('is forgotten with it', async () => {
    store.save({ ...golden, domains: ['acme.test'] });
    expect((await tenants.findTenantByDomain('acme.test'))?.plan).toBe('gold');
    store.save({ ...golden, domains: ['acme.test'], plan: 'basic' });
    await tenants.invalidate('acme');

    expect((await tenants.findTenantByDomain('acme.test'))?.plan).toBe('basic');
  });

  it('is asked for by nothing that is no host name', async () => {
    expect(await tenants.findTenantByDomain(`${'a'.repeat(250)}.test`)).toBeUndefined();
    expect(tenants.metrics().store.calls).toBe(0);
  });
});

describe('the metrics', () => {
  it('say where the answers came from, and how old they are', async () => {
    await tenants.getTenant('acme');
    await tenants.getTenant('acme');
    await Promise.all([tenants.findTenant('nobody'), tenants.findTenant('nobody')]);
    await tenants.findTenant('nobody');
    after(250);

    expect(tenants.metrics()).toEqual({
      hits: { process: 1, sharedCache: 0, store: 1 },
      joined: 1,
      misses: { process: 1, store: 1 },
      stale: 0,
      refreshes: 0,
      failedRenewals: 0,
      store: { calls: 2, failures: 0, retries: 0 },
      refused: { breaker: 0, limit: 0, misses: 0 },
      sharedCacheFailures: 0,
      changes: { heard: 0, resumed: 0 },
      watch: 'off',
      breaker: 'closed',
      entries: { known: 1, absent: 1 },
      oldestAge: 250,
      lookups: { running: 0, waiting: 0 },
    });
  });

  it('are a copy of their time', async () => {
    const before = tenants.metrics();
    await tenants.getTenant('acme');

    expect(before.hits.store).toBe(0);
  });
});
