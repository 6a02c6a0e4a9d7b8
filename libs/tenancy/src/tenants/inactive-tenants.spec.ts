import { Logger } from '@nestjs/common';
import { createCache } from 'cache-manager';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantServiceUnavailableError, TenantSuspendedError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { Tenant } from './tenant.js';
import { TenantService } from './tenant.service.js';

class AskedStore extends InMemoryTenantStore {
  asked: string[] = [];
  isAway = false;

  override async findById(id: string): Promise<Tenant | undefined> {
    this.asked.push(id);
    if (this.isAway) throw new Error('connect ECONNREFUSED');
    return super.findById(id);
  }
}

const times = { ttl: 60_000, negativeTtl: 2_000, refreshAt: 0.5, retries: 0 } satisfies Partial<TenantCacheOptions>;
const suspended = { id: 'globex', schema: 't_globex', status: 'suspended' } as const;
let store: AskedStore;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  store = new AskedStore([{ id: 'acme', schema: 't_acme' }, suspended]);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const after = (milliseconds: number): void => {
  vi.setSystemTime(Date.now() + milliseconds);
};
const refused = (error: unknown) => (error instanceof TenantServiceUnavailableError ? 503 : 404);
const statusOf = (tenants: TenantService, id: string) => tenants.getTenant(id).then(() => 200, refused);

describe('a suspended tenant', () => {
  // What is asked for the one is asked for the other, and what is answered too.
  it.each(['globex', 'nobody'])('is looked up whenever an unknown one is: %s', async (id) => {
    const tenants = new TenantService(store, undefined, times);
    for (const wait of [0, 1_999, 1, 30_000]) {
      after(wait);
      expect(await statusOf(tenants, id)).toBe(404);
    }

    expect(store.asked).toEqual([id, id, id]);
    expect(tenants.metrics().refreshes).toBe(0);
  });

  it.each(['globex', 'nobody'])('is refused as an unknown one is while the store is away: %s', async (id) => {
    const tenants = new TenantService(store, undefined, times);
    await statusOf(tenants, id);
    store.isAway = true;
    expect(await statusOf(tenants, id)).toBe(404);
    after(2_000);

    expect(await statusOf(tenants, id)).toBe(503);
  });

  it.each(['globex', 'nobody'])('is refused as an unknown one is during a flood: %s', async (id) => {
    const tenants = new TenantService(store, undefined, { ...times, maxMisses: 5 });
    await statusOf(tenants, id);
    for (let n = 0; n < 5; n += 1) await statusOf(tenants, `nobody-${n}`);
    after(2_000);
    expect(await statusOf(tenants, id)).toBe(503);
    await tenants.invalidate(id);

    expect(await statusOf(tenants, id)).toBe(503);
  });

  it('is nothing that instances tell each other, and what they told before does not bring it back', async () => {
    const cache = createCache();
    const tenants = new TenantService(store, cache, times);
    await tenants.findTenant('globex');
    after(1_000);
    expect(await cache.get('tenancy:tenant:id:globex')).toBeUndefined();
    const before = { key: 'id:globex', tenant: { ...suspended, status: 'active' }, loadedAt: Date.now() - 1_001 };
    await cache.set('tenancy:tenant:id:globex', before);
    after(1_000);

    await expect(tenants.getTenant('globex')).rejects.toThrow(TenantSuspendedError);
  });

  it('works as soon as it is looked up after it was restored', async () => {
    const tenants = new TenantService(store, undefined, times);
    await statusOf(tenants, 'globex');
    store.save({ ...suspended, status: 'active' });
    after(2_000);

    expect(await statusOf(tenants, 'globex')).toBe(200);
    after(30_000);
    expect(await statusOf(tenants, 'globex')).toBe(200);
    expect(store.asked.filter((id) => id === 'globex')).toHaveLength(2);
  });
});
