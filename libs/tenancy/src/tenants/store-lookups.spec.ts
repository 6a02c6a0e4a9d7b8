import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantServiceUnavailableError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { Tenant } from './tenant.js';
import { TenantService } from './tenant.service.js';

class CountingStore extends InMemoryTenantStore {
  asked = 0;
  running = 0;
  most = 0;
  gate: Promise<void> = Promise.resolve();

  override async findById(id: string): Promise<Tenant | undefined> {
    this.asked += 1;
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await (id.startsWith('nobody') ? this.gate : undefined);
    this.running -= 1;
    return super.findById(id);
  }

  close(): () => void {
    let open = (): void => undefined;
    this.gate = new Promise((resolve) => (open = resolve));
    return open;
  }
}

const names = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `nobody-${from + n}`);
const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'answered',
    (error: unknown) => (error instanceof TenantServiceUnavailableError ? 'refused' : 'failed'),
  );
const count = (outcomes: readonly string[], what: string) => outcomes.filter((each) => each === what).length;

let store: CountingStore;
const serviceOf = (options: Partial<TenantCacheOptions>) =>
  new TenantService(store, undefined, { refreshAt: 1, storeTimeout: 60_000, ...options });
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  store = new CountingStore(['acme', 'globex'].map((id) => ({ id, schema: `t_${id}` })));
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('a flood of ids that are nobody’s', () => {
  it('is asked of the store in so many look-ups at once; so many wait, and the rest is refused at once', async () => {
    const tenants = serviceOf({ maxLookups: 3, maxWaiting: 4 });
    const open = store.close();
    const flood = names(100).map((id) => outcome(tenants.findTenant(id)));
    const refused = await Promise.race([Promise.all(flood.slice(7)), new Promise<string[]>(() => undefined)]);

    expect(count(refused, 'refused')).toBe(93);
    expect(tenants.metrics()).toMatchObject({ lookups: { running: 3, waiting: 4 }, refused: { limit: 93 } });
    open();
    expect(count(await Promise.all(flood.slice(0, 7)), 'answered')).toBe(7);
    expect([store.asked, store.most]).toEqual([7, 3]);
  });

  it('costs so many calls and no more, however long it takes', async () => {
    const tenants = serviceOf({ maxMisses: 20 });
    const outcomes: string[] = [];
    for (const id of names(500)) outcomes.push(await outcome(tenants.findTenant(id)));

    expect(store.asked).toBe(20);
    expect([count(outcomes, 'answered'), count(outcomes, 'refused')]).toEqual([20, 480]);
    expect(tenants.metrics().refused.misses).toBe(480);

    vi.advanceTimersByTime(30_000);
    for (const id of names(500, 500)) await outcome(tenants.findTenant(id));
    expect(store.asked).toBe(30);
  });

  it('says when to come back', async () => {
    const tenants = serviceOf({ maxMisses: 20 });
    for (const id of names(20)) await tenants.findTenant(id);

    await expect(tenants.getTenant('globex')).rejects.toMatchObject({ retryAfter: 3 });
  });

  it('is remembered in so many entries', async () => {
    const tenants = serviceOf({ negativeMax: 10 });
    for (const id of names(100)) await tenants.findTenant(id);

    expect(tenants.metrics().entries).toEqual({ known: 0, absent: 10 });
  });

  it('keeps no known tenant from being looked up again', async () => {
    const tenants = serviceOf({ maxLookups: 1, maxWaiting: 0, maxMisses: 1, ttl: 1_000, staleTtl: 10_000 });
    await tenants.getTenant('acme');
    const open = store.close();
    const flood = names(50).map((id) => outcome(tenants.findTenant(id)));
    store.save({ id: 'acme', schema: 't_acme', plan: 'gold' });
    vi.advanceTimersByTime(1_000);

    expect((await tenants.getTenant('acme')).plan).toBe('gold');
    open();
    await Promise.all(flood);
  });

  it('keeps no tenant that was changed from being looked up again, by its id or by its domain', async () => {
    const acme = { id: 'acme', schema: 't_acme', domains: ['acme.test'] };
    store.save(acme);
    const tenants = serviceOf({ maxMisses: 20 });
    await tenants.getTenant('acme');
    await tenants.findTenantByDomain('acme.test');
    for (const id of names(50)) await outcome(tenants.findTenant(id));
    expect(await outcome(tenants.findTenant('globex'))).toBe('refused');

    for (const plan of ['silver', 'gold']) {
      store.save({ ...acme, plan });
      await tenants.invalidate('acme');
      expect((await tenants.getTenant('acme')).plan).toBe(plan);
      expect((await tenants.findTenantByDomain('acme.test'))?.plan).toBe(plan);
    }
  });

  it('is not let through by the id of a tenant that there was', async () => {
    const tenants = serviceOf({ maxMisses: 20, negativeTtl: 0 });
    await tenants.getTenant('acme');
    for (const id of names(50)) await outcome(tenants.findTenant(id));
    store.delete('acme');
    await tenants.invalidate('acme');

    expect(await outcome(tenants.findTenant('acme'))).toBe('answered');
    expect(await outcome(tenants.findTenant('acme'))).toBe('refused');
  });
});

describe('a look-up that waited long for its turn', () => {
  it('and has no time left says nothing of the store', async () => {
    vi.useRealTimers();
    const tenants = serviceOf({ maxLookups: 1, storeTimeout: 200, breakerFailures: 1, retries: 0 });
    // The first one is answered after more than half of the time; what is left for the second is too little.
    let answer = (): void => undefined;
    store.gate = new Promise((resolve) => (answer = resolve));
    const first = tenants.findTenant('nobody-1');
    await new Promise((resolve) => setImmediate(resolve));
    const second = outcome(tenants.findTenant('nobody-2'));
    setTimeout(() => {
      answer();
      store.gate = new Promise(() => undefined);
    }, 150);

    expect(await first).toBeUndefined();
    expect(await second).toBe('refused');
    expect(tenants.metrics().breaker).toBe('closed');
  });
});

describe('tenants that there are', () => {
  it('cost nothing of what misses may cost', async () => {
    const ids = Array.from({ length: 50 }, (_, n) => `tenant-${n}`);
    for (const id of ids) store.save({ id, schema: `t_${id.replace('-', '_')}` });
    const tenants = serviceOf({ maxMisses: 3, maxLookups: 2 });

    expect((await Promise.all(ids.map((id) => tenants.getTenant(id)))).map(({ id }) => id)).toEqual(ids);
    expect(store.most).toBeLessThanOrEqual(2);
  });
});

describe('the limits', () => {
  it.each(['maxLookups', 'maxMisses', 'breakerFailures'])('let somebody in: %s is at least 1', (name) => {
    expect(() => serviceOf({ [name]: 0 })).toThrow(`cache.${name} is 0; it must be at least 1.`);
  });

  it('are a share where they are one', () => {
    expect(() => serviceOf({ refreshAt: 75 })).toThrow(
      'cache.refreshAt is 75; it is a share of cache.ttl, from 0 to 1.',
    );
  });
});
