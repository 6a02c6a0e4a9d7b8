import { randomUUID } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import KeyvRedis, { createKeyv } from '@keyv/redis';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServerLink } from '../../../../test/support/server-link.js';
import { openServerLink } from '../../../../test/support/server-link.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { Tenant } from './tenant.js';
import { TenantService } from './tenant.service.js';

const redisUrl = process.env.TEST_REDIS_URL;

class CountingStore extends InMemoryTenantStore {
  asked = 0;

  override async findById(id: string): Promise<Tenant | undefined> {
    this.asked += 1;
    return super.findById(id);
  }
}

describe.skipIf(!redisUrl)('a Redis that two instances share', () => {
  const namespace = `tenancy-test-${randomUUID()}`;
  const ends: Array<() => Promise<unknown>> = [];
  let store: CountingStore;
  let way: ServerLink;
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    store = new CountingStore([
      { id: 'acme', schema: 't_acme', domains: ['acme.test'], config: { deep: { list: [1] } } },
      { id: 'globex', schema: 't_globex' },
    ]);
    way = await openServerLink(redisUrl!);
  });
  afterEach(async () => {
    vi.useRealTimers();
    await Promise.all(ends.splice(0).map((end) => end()));
    await way.close();
    const keyv = createKeyv({ url: redisUrl! }, { namespace });
    await keyv.clear();
    await keyv.disconnect();
  });

  /** An instance of the application with connections of its own, as its README's example has them. */
  function instance(options: Partial<TenantCacheOptions> = {}, url = redisUrl!): TenantService {
    const redis = new KeyvRedis({ url, disableOfflineQueue: true }, { namespace });
    const keyv = new Keyv({ store: redis, namespace, useKeyPrefix: false });
    keyv.on('error', () => undefined);
    // Without a good-bye: a Redis that hangs would not answer it.
    ends.push(() => redis.disconnect(true));
    return new TenantService(store, createCache({ stores: [keyv] }), { refreshAt: 1, ...options });
  }

  it('tells one what the other asked for, frozen as ever', async () => {
    const [one, other] = [instance(), instance()];
    const asked = await one.getTenant('acme');
    const told = await other.getTenant('acme');

    expect(told).toEqual(asked);
    expect(Object.isFrozen((told.config.deep as { list: number[] }).list)).toBe(true);
    expect(store.asked).toBe(1);
    expect(other.metrics().hits).toEqual({ process: 0, sharedCache: 1, store: 0 });
  });

  it('is rid of what one of them declares out of date', async () => {
    const [one, other] = [instance(), instance()];
    await one.getTenant('acme');
    await one.updateConfig('acme', { colour: 'red' });

    expect((await other.getTenant('acme')).config.colour).toBe('red');
    expect((await one.getTenant('acme')).config.colour).toBe('red');
  });

  it('tells one that looks again what the other knows better', async () => {
    const [one, other] = [instance({ ttl: 60_000, refreshAt: 0.5 }), instance({ ttl: 60_000 })];
    await one.getTenant('acme');
    vi.setSystemTime(Date.now() + 50_000);
    store.save({ id: 'acme', schema: 't_acme', plan: 'gold' });
    await other.invalidate('acme');
    vi.setSystemTime(Date.now() + 1);
    await other.getTenant('acme');

    while ((await one.getTenant('acme')).plan !== 'gold') await turn();
    expect(one.metrics()).toMatchObject({ refreshes: 1, hits: { sharedCache: 1, store: 1 } });
    expect(store.asked).toBe(2);
  });

  it('is not asked to tell an instance what that told it itself', async () => {
    const tenants = instance({ ttl: 60_000, refreshAt: 0.5 });
    await tenants.getTenant('acme');
    store.save({ id: 'acme', schema: 't_acme', plan: 'gold' });
    vi.setSystemTime(Date.now() + 50_000);

    while ((await tenants.getTenant('acme')).plan !== 'gold') await turn();
    expect(tenants.metrics().hits).toMatchObject({ sharedCache: 0, store: 2 });
  });

  it('keeps no id of nobody', async () => {
    const [one, other] = [instance(), instance()];
    await one.findTenant('nobody');
    await other.findTenant('nobody');

    expect(store.asked).toBe(2);
  });

  it.each([
    ['hangs', async () => way.stall()],
    ['dies', async () => way.cut()],
  ])('is done without when it %s, and soon not even asked', async (_how, strike) => {
    const tenants = instance({ ttl: 60_000, cacheTimeout: 200, breakerFailures: 3, retryAfter: 3_600_000 }, way.url);
    const ask = async () => {
      vi.setSystemTime(Date.now() + 60_000);
      for (const id of ['acme', 'globex']) expect((await tenants.getTenant(id)).id).toBe(id);
    };
    await ask();
    await strike();

    for (let n = 0; n < 4; n += 1) await ask();
    const { sharedCacheFailures } = tenants.metrics();
    for (let n = 0; n < 10; n += 1) await ask();
    expect(tenants.metrics()).toMatchObject({ sharedCacheFailures, stale: 0, store: { failures: 0 } });

    await tenants.updateConfig('acme', { colour: 'red' });
    expect((await tenants.getTenant('acme')).config.colour).toBe('red');
  });
});
