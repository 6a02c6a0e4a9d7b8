import { Logger } from '@nestjs/common';
import { createCache } from 'cache-manager';
import { Keyv } from 'keyv';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  InvalidTenantIdError,
  TenancyOptionsError,
  TenantConfigInvalidError,
  TenantNotFoundError,
  TenantServiceUnavailableError,
  TenantSuspendedError,
} from '../tenancy.errors.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { Tenant } from './tenant.js';
import { defineTenant } from './tenant.js';
import { TenantService } from './tenant.service.js';

/** Tenants whose store can be asked to fail or to wait, and which tells what it was asked. */
class AskedStore extends InMemoryTenantStore {
  readonly asked: string[] = [];
  fails = false;
  /** What a question waits for before it is answered. */
  gate: Promise<void> = Promise.resolve();

  constructor() {
    super([
      { id: 'acme', schema: 't_acme', domains: ['acme.test'] },
      { id: 'globex', schema: 't_globex' },
      { id: 'dormant', schema: 't_dormant', status: 'suspended' },
    ]);
  }

  override async findById(id: string): Promise<Tenant | undefined> {
    this.asked.push(id);
    const found = await super.findById(id);
    await this.gate;
    if (this.fails) throw new Error('connect ECONNREFUSED');
    return found;
  }

  override async findByDomain(domain: string): Promise<Tenant | undefined> {
    this.asked.push(domain);
    if (this.fails) throw new Error('connect ECONNREFUSED');
    return super.findByDomain(domain);
  }
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** Without what goes on by itself: each question to the store is one that the test asked for. */
const times = {
  ttl: 1_000,
  negativeTtl: 100,
  staleTtl: 10_000,
  retryAfter: 500,
  refreshAt: 1,
  retries: 0,
  breakerFailures: 100,
} satisfies Partial<TenantCacheOptions>;
let store: AskedStore;
let tenants: TenantService;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  store = new AskedStore();
  tenants = new TenantService(store, undefined, times);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const after = (milliseconds: number): void => {
  vi.setSystemTime(Date.now() + milliseconds);
};

describe('an active tenant', () => {
  it('is found by its id', async () => {
    expect(await tenants.getTenant('acme')).toMatchObject({ id: 'acme', schema: 't_acme' });
  });

  it('is asked for once while it is kept, and again after that', async () => {
    await tenants.getTenant('acme');
    after(999);
    await tenants.getTenant('acme');
    expect(store.asked).toEqual(['acme']);

    after(1);
    await tenants.getTenant('acme');
    expect(store.asked).toEqual(['acme', 'acme']);
  });

  it('is asked for once by a hundred callers at once, each id by itself', async () => {
    const { opened, open } = gate();
    store.gate = opened;
    const calls = Array.from({ length: 100 }, (_, n) => tenants.getTenant(n % 2 ? 'acme' : 'globex'));
    open();

    expect((await Promise.all(calls)).map(({ id }) => id)).toEqual(calls.map((_, n) => (n % 2 ? 'acme' : 'globex')));
    expect(store.asked.toSorted()).toEqual(['acme', 'globex']);
  });

  it('is found by its domain, whose spellings are one question', async () => {
    for (const domain of ['acme.test', 'ACME.test', 'acme.test.:443']) {
      expect((await tenants.findTenantByDomain(domain))?.id).toBe('acme');
    }

    expect(store.asked).toEqual(['acme.test']);
  });

  it('is the same frozen object to all who ask', async () => {
    const tenant = await tenants.getTenant('acme');

    expect(await tenants.getTenant('acme')).toBe(tenant);
    expect(Object.isFrozen(tenant)).toBe(true);
    expect(Object.isFrozen(tenant.domains)).toBe(true);
  });

  it('is frozen where its store does not see to that', async () => {
    const loose = { ...defineTenant({ id: 'acme', schema: 't_acme' }), config: { list: [1] } };
    const tenant = await new TenantService({ findById: async () => loose }).getTenant('acme');

    expect(Object.isFrozen(tenant.config.list)).toBe(true);
    expect(tenant).not.toBe(loose);
  });
});

describe('a tenant that is not active', () => {
  it('is refused with its status', async () => {
    await expect(tenants.getTenant('dormant')).rejects.toThrow(TenantSuspendedError);
    await expect(tenants.getTenant('dormant')).rejects.toThrow('Tenant "dormant" is suspended');
  });

  it('can be looked at', async () => {
    expect((await tenants.findTenant('dormant'))?.status).toBe('suspended');
  });

  it('is refused when it is kept no longer than that', async () => {
    await tenants.getTenant('acme');
    store.save({ id: 'acme', schema: 't_acme', status: 'suspended' });

    after(times.ttl);

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantSuspendedError);
  });
});

describe('an id that is none', () => {
  it.each(['', 'Acme', '../acme', 'a b', undefined, null, { id: 'acme' }])('is asked of nobody: %o', async (id) => {
    const get = vi.fn(async () => undefined);
    const service = new TenantService(store, { get, set: get, del: get } as never);

    await expect(service.getTenant(id as never)).rejects.toThrow(InvalidTenantIdError);
    expect(await service.findTenant(id as never)).toBeUndefined();
    expect(store.asked).toEqual([]);
    expect(get).not.toHaveBeenCalled();
  });
});

describe('an id of nobody', () => {
  it('is no tenant', async () => {
    await expect(tenants.getTenant('nobody')).rejects.toThrow(TenantNotFoundError);
    expect(await tenants.findTenant('nobody')).toBeUndefined();
  });

  it('is asked for once in a short while, and again after that', async () => {
    await tenants.findTenant('nobody');
    after(times.negativeTtl - 1);
    await tenants.findTenant('nobody');
    expect(store.asked).toEqual(['nobody']);

    store.save({ id: 'nobody', schema: 't_nobody' });
    after(1);
    expect((await tenants.getTenant('nobody')).id).toBe('nobody');
  });

  it('is not kept where the store only failed', async () => {
    store.fails = true;
    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);

    store.fails = false;
    expect((await tenants.getTenant('acme')).id).toBe('acme');
  });

  it('pushes out no tenant, however many such ids there are', async () => {
    const small = new TenantService(store, undefined, { ...times, max: 3 });
    await small.getTenant('acme');

    for (let n = 0; n < 50; n += 1) await small.findTenant(`nobody-${n}`);
    store.asked.length = 0;
    await small.getTenant('acme');

    expect(store.asked).toEqual([]);
  });

  it('is a deleted tenant at once when that is no longer kept', async () => {
    await tenants.getTenant('acme');
    store.delete('acme');
    after(times.ttl);

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantNotFoundError);
    store.fails = true;
    after(times.negativeTtl);
    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });
});

describe('while the store is down', () => {
  beforeEach(async () => {
    await tenants.getTenant('acme');
    store.asked.length = 0;
    store.fails = true;
  });

  it('a known tenant keeps working for as long as is said, and not longer', async () => {
    after(times.staleTtl - 1);
    expect((await tenants.getTenant('acme')).id).toBe('acme');

    after(1);
    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('an unknown one cannot be told, and the error has the cause', async () => {
    const failure = await tenants.getTenant('globex').catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(TenantServiceUnavailableError);
    expect(String((failure as Error).cause)).toContain('ECONNREFUSED');
    expect(String(failure)).not.toContain('ECONNREFUSED');
  });

  it('it is asked for a known tenant once in a while only', async () => {
    after(times.ttl);
    for (let n = 0; n < 10; n += 1) await tenants.getTenant('acme');
    expect(store.asked).toEqual(['acme']);

    after(times.retryAfter);
    for (let n = 0; n < 10; n += 1) await tenants.getTenant('acme');
    expect(store.asked).toEqual(['acme', 'acme']);
  });

  it('nobody waits for it but the one who asks again', async () => {
    after(times.ttl);
    await tenants.getTenant('acme');
    after(times.retryAfter);
    const { opened, open } = gate();
    store.gate = opened;

    let answered = false;
    const asking = tenants.getTenant('acme').finally(() => (answered = true));
    expect((await tenants.getTenant('acme')).id).toBe('acme');
    expect(answered).toBe(false);
    open();
    expect((await asking).id).toBe('acme');
    expect(store.asked).toEqual(['acme', 'acme']);
  });

  it('what is known in the meantime is the newest again once it answers', async () => {
    after(times.ttl);
    await tenants.getTenant('acme');
    store.fails = false;
    store.save({ id: 'acme', schema: 't_acme', plan: 'gold' });

    after(times.retryAfter);

    expect((await tenants.getTenant('acme')).plan).toBe('gold');
  });

  it('the log says when it begins and when it is over, once each', async () => {
    const warned = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    const told = vi.spyOn(Logger.prototype, 'log').mockReturnValue();
    after(times.ttl);
    for (let n = 0; n < 5; n += 1) {
      await tenants.getTenant('acme');
      after(times.retryAfter);
    }
    store.fails = false;
    await tenants.getTenant('acme');

    expect(warned.mock.calls).toEqual([['The tenant store failed. Known tenants keep working. connect ECONNREFUSED']]);
    expect(told.mock.calls).toEqual([['The tenant store answers again.']]);
  });

  it('a suspended tenant stays refused, as an unknown one is', async () => {
    store.fails = false;
    await tenants.findTenant('dormant');
    store.fails = true;
    await expect(tenants.getTenant('dormant')).rejects.toThrow(TenantSuspendedError);
    after(times.negativeTtl);

    await expect(tenants.getTenant('dormant')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('a tenant’s domain keeps working too', async () => {
    store.fails = false;
    await tenants.findTenantByDomain('acme.test');
    store.fails = true;
    after(times.ttl);

    expect((await tenants.findTenantByDomain('acme.test'))?.id).toBe('acme');
  });
});

describe('a store', () => {
  it('that never answers is given up', async () => {
    const silent = { findById: () => new Promise<undefined>(() => undefined) };
    const service = new TenantService(silent, undefined, { storeTimeout: 10 });

    await expect(service.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('that fails after it was given up ends no process', async () => {
    let fail = (): void => undefined;
    const late = { findById: () => new Promise<never>((_, reject) => (fail = () => reject(new Error('late')))) };
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);

    await expect(new TenantService(late, undefined, { storeTimeout: 10 }).getTenant('acme')).rejects.toThrow();
    fail();
    await new Promise((resolve) => setImmediate(resolve));

    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it.each([
    ['another tenant', defineTenant({ id: 'globex', schema: 't_globex' })],
    ['a tenant of another case', { id: 'ACME', schema: 't_acme' }],
  ])('that answers with %s is not believed', async (_what, answer) => {
    const liar = new TenantService({ findById: async () => answer as Tenant });

    await expect(liar.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it.each([
    ['a schema that is none', { id: 'acme', schema: 'public' }],
    ['a string', 'acme'],
  ])('that answers with %s is not believed', async (_what, answer) => {
    await expect(new TenantService({ findById: async () => answer as never }).getTenant('acme')).rejects.toThrow(
      TenancyOptionsError,
    );
  });

  it('that throws before it promises is one that fails', async () => {
    const broken = {
      findById: () => {
        throw new Error('no connection');
      },
    };

    await expect(new TenantService(broken).getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('that only reads says so where it is asked for more', async () => {
    const reading = new TenantService({ findById: async () => undefined });

    await expect(reading.findTenantByDomain('acme.test')).rejects.toThrow('The tenant store has no findByDomain().');
    await expect(reading.listTenants()).rejects.toThrow('The tenant store has no list().');
    await expect(reading.updateConfig('acme', {})).rejects.toThrow('The tenant store has no updateConfig().');
  });
});

describe('the list of tenants', () => {
  it('comes in pages', async () => {
    expect((await tenants.listTenants()).tenants.map(({ id }) => id)).toEqual(['acme', 'dormant', 'globex']);
    expect((await tenants.listTenants({ limit: 1, offset: 1 })).tenants.map(({ id }) => id)).toEqual(['dormant']);
    expect((await tenants.listTenants({ limit: 1 })).total).toBe(3);
  });

  it('is unavailable where the store fails', async () => {
    const failing = new TenantService({ findById: async () => undefined, list: () => Promise.reject(new Error('x')) });

    await expect(failing.listTenants()).rejects.toThrow(TenantServiceUnavailableError);
  });
});

describe('a tenant that is declared out of date', () => {
  it('is asked for again, by its id and by its domains', async () => {
    await tenants.getTenant('acme');
    await tenants.findTenantByDomain('acme.test');
    store.save({ id: 'acme', schema: 't_acme', domains: ['acme.test'], plan: 'gold' });

    await tenants.invalidate('acme');

    expect((await tenants.getTenant('acme')).plan).toBe('gold');
    expect((await tenants.findTenantByDomain('acme.test'))?.plan).toBe('gold');
  });

  it('is not what a load that began before brings', async () => {
    const { opened, open } = gate();
    store.gate = opened;
    const before = tenants.getTenant('acme');
    await vi.waitFor(() => expect(store.asked).toEqual(['acme']));
    store.save({ id: 'acme', schema: 't_acme', plan: 'gold' });
    await tenants.invalidate('acme');
    const later = tenants.getTenant('acme');
    open();

    expect((await before).plan).toBe('default');
    expect((await later).plan).toBe('gold');
    expect((await tenants.getTenant('acme')).plan).toBe('gold');
  });

  it('is there at once where it was thought to be none', async () => {
    await tenants.findTenant('initech');
    store.save({ id: 'initech', schema: 't_initech' });
    await tenants.invalidate('initech');

    expect((await tenants.getTenant('initech')).id).toBe('initech');
  });

  it('is one whose settings were changed', async () => {
    await tenants.getTenant('acme');

    const changed = await tenants.updateConfig('acme', { colour: 'red' });

    expect(changed.config).toEqual({ colour: 'red' });
    expect((await tenants.getTenant('acme')).config).toEqual({ colour: 'red' });
  });

  it('is one whose change was not confirmed, too', async () => {
    await tenants.getTenant('acme');
    const update = store.updateConfig.bind(store);
    store.updateConfig = async (id, patch) => {
      await update(id, patch);
      throw new Error('The answer was lost.');
    };

    await expect(tenants.updateConfig('acme', { colour: 'red' })).rejects.toThrow(TenantServiceUnavailableError);
    expect((await tenants.getTenant('acme')).config).toEqual({ colour: 'red' });
  });

  it('keeps the reason for which a change was refused', async () => {
    store.updateConfig = () => Promise.reject(new TenantConfigInvalidError([{ key: 'a', message: 'b' }]));

    await expect(tenants.updateConfig('acme', { a: 1 })).rejects.toThrow(TenantConfigInvalidError);
  });
});

describe('a shared cache', () => {
  const key = 'tenancy:tenant:id:acme';

  it('gives an instance what another one asked for', async () => {
    const cache = createCache({ stores: [new Keyv()] });
    await new TenantService(store, cache, times).getTenant('acme');

    const tenant = await new TenantService(store, cache, times).getTenant('acme');

    expect(store.asked).toEqual(['acme']);
    expect(tenant).toEqual(defineTenant({ id: 'acme', schema: 't_acme', domains: ['acme.test'] }));
    expect(Object.isFrozen(tenant.domains)).toBe(true);
  });

  it('makes a tenant no older than it may be', async () => {
    const cache = createCache({ stores: [new Keyv()] });
    await new TenantService(store, cache, times).getTenant('acme');
    after(600);
    const other = new TenantService(store, cache, times);
    await other.getTenant('acme');
    after(600);
    await other.getTenant('acme');

    expect(store.asked).toEqual(['acme', 'acme']);
  });

  it('keeps nobody: only tenants that there are', async () => {
    const kept = new Map<string, unknown>();
    const service = new TenantService(store, createCache({ stores: [new Keyv({ store: kept })] }), times);

    await service.findTenant('nobody');
    await service.findTenant('acme');

    expect([...kept.keys()].join()).toContain(key);
    expect([...kept.keys()].join()).not.toContain('nobody');
  });

  it('is rid of a tenant that is declared out of date', async () => {
    const cache = createCache({ stores: [new Keyv()] });
    const service = new TenantService(store, cache, times);
    await service.getTenant('acme');

    await service.invalidate('acme');

    expect(await cache.get(key)).toBeUndefined();
  });

  it('does not get back what was declared out of date on the way there', async () => {
    const cache = createCache({ stores: [new Keyv()] });
    const { opened, open } = gate();
    const slow = {
      get: cache.get.bind(cache),
      del: cache.del.bind(cache),
      set: async (...args: Parameters<typeof cache.set>) => {
        await opened;
        return cache.set(...args);
      },
    };
    const service = new TenantService(store, slow as never, times);
    const before = service.getTenant('acme');
    await vi.waitFor(() => expect(store.asked).toEqual(['acme']));
    await new Promise((resolve) => setImmediate(resolve));
    await service.invalidate('acme');
    open();
    await before;

    expect(await cache.get(key)).toBeUndefined();
  });

  const entry = (over: object) => ({
    key: 'id:acme',
    tenant: evil,
    loadedAt: Date.now(),
    ...over,
  });
  const evil = { id: 'acme', schema: 't_evil' };
  const bottomless = (): unknown => JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as unknown;
  const deep = (levels: number): object => (levels === 0 ? {} : { inner: deep(levels - 1) });

  it.each<readonly [string, () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a string', () => 'acme'],
    ['a list', () => [entry({})]],
    ['an entry without a tenant', () => entry({ tenant: undefined })],
    ['a tenant that is a string', () => entry({ tenant: 'acme' })],
    ['another tenant', () => entry({ tenant: { id: 'globex', schema: 't_globex' } })],
    ['the entry of another key', () => entry({ key: 'id:globex' })],
    ['a schema that is none', () => entry({ tenant: { id: 'acme', schema: 'public' } })],
    ['an entry without a time', () => entry({ loadedAt: undefined })],
    ['a time that is no number', () => entry({ loadedAt: 'now' })],
    ['a time that is not a number', () => entry({ loadedAt: Number.NaN })],
    ['an entry that is too old', () => entry({ loadedAt: Date.now() - times.ttl })],
    ['a tenant that is too large', () => entry({ tenant: { ...evil, metadata: { text: 'x'.repeat(1_048_576) } } })],
    ['a tenant that is too deep', () => entry({ tenant: { ...evil, config: deep(200) } })],
    ['a tenant without a ground', () => entry({ tenant: { ...evil, config: bottomless() } })],
    ['settings that change what objects are', () => entry({ tenant: { ...evil, __proto__: { id: 'acme' }, id: 'x' } })],
  ])('that holds %s holds nothing', async (_what, held) => {
    const cache = { get: async () => held(), set: async () => undefined, del: async () => true };

    const tenant = await new TenantService(store, cache as never, times).getTenant('acme');

    expect(tenant.schema).toBe('t_acme');
    expect(store.asked).toEqual(['acme']);
  });

  it('of an instance whose clock is ahead makes a tenant no younger: the store is asked', async () => {
    const cache = createCache({ stores: [new Keyv()] });
    after(60_000);
    await new TenantService(store, cache, times).getTenant('acme');
    after(-60_000);
    const { asked } = store;
    store.save({ id: 'acme', schema: 't_acme', status: 'suspended' });
    after(times.ttl - 1);

    await expect(new TenantService(store, cache, times).getTenant('acme')).rejects.toThrow(TenantSuspendedError);
    expect(asked).toEqual(['acme', 'acme']);
  });

  it.each<readonly [string, () => unknown]>([
    ['fails', () => Promise.reject(new Error('no connection'))],
    [
      'throws',
      () => {
        throw new Error('no connection');
      },
    ],
    ['never answers', () => new Promise(() => undefined)],
  ])('that %s is done without', async (_how, work) => {
    const cache = { get: work, set: work, del: work };
    const service = new TenantService(store, cache as never, { ...times, cacheTimeout: 5 });

    expect((await service.getTenant('acme')).id).toBe('acme');
    await service.invalidate('acme');
    expect((await service.updateConfig('acme', { a: 1 })).config).toEqual({ a: 1 });
    expect((await service.getTenant('acme')).config).toEqual({ a: 1 });
  });

  it('does not say that a known tenant’s tables are somewhere else: that is asked of the store', async () => {
    const cache = createCache({ stores: [new Keyv()] });
    const service = new TenantService(store, cache, times);
    await service.getTenant('acme');
    after(times.ttl);
    await cache.set(key, entry({ loadedAt: Date.now() }));

    expect((await service.getTenant('acme')).schema).toBe('t_acme');
    expect(store.asked).toEqual(['acme', 'acme']);
  });

  it('that cannot be cleared does not bring back what it holds', async () => {
    const cache = createCache({ stores: [new Keyv()] });
    const stuck = { get: cache.get.bind(cache), set: cache.set.bind(cache), del: () => Promise.reject(new Error('x')) };
    const service = new TenantService(store, stuck, times);
    await service.getTenant('acme');
    after(1);

    await service.updateConfig('acme', { a: 1 });

    expect((await service.getTenant('acme')).config).toEqual({ a: 1 });
  });
});

describe('a shared cache with a secret', () => {
  const secret = 's'.repeat(32);
  const key = 'tenancy:tenant:id:acme';
  const proven = { ...times, secret };
  let cache: ReturnType<typeof createCache>;
  beforeEach(async () => {
    cache = createCache({ stores: [new Keyv()] });
    await new TenantService(store, cache, proven).getTenant('acme');
    store.asked.length = 0;
  });

  it('gives an instance what another one asked for', async () => {
    expect((await new TenantService(store, cache, proven).getTenant('acme')).schema).toBe('t_acme');
    expect(store.asked).toEqual([]);
  });

  it.each<readonly [string, (kept: Record<string, unknown>) => unknown]>([
    ['another schema', (kept) => ({ ...kept, tenant: { ...(kept.tenant as object), schema: 't_globex' } })],
    ['another time', (kept) => ({ ...kept, loadedAt: Number(kept.loadedAt) + 1 })],
    ['no proof', (kept) => ({ ...kept, proof: undefined })],
    ['a proof that is none', (kept) => ({ ...kept, proof: 'x'.repeat(43) })],
    ['a proof that is no text', (kept) => ({ ...kept, proof: [kept.proof, kept.proof] })],
  ])('that was given %s holds nothing', async (_what, change) => {
    await cache.set(key, change((await cache.get<Record<string, unknown>>(key))!));

    expect((await new TenantService(store, cache, proven).getTenant('acme')).schema).toBe('t_acme');
    expect(store.asked).toEqual(['acme']);
  });

  it('holds nothing for who has another one', async () => {
    await new TenantService(store, cache, { ...times, secret: 't'.repeat(32) }).getTenant('acme');

    expect(store.asked).toEqual(['acme']);
  });

  it('has one that is none told apart at start, and not repeated', () => {
    for (const short of ['hunter2', '', 7, null]) {
      const make = () => new TenantService(store, cache, { secret: short as string });
      expect(make).toThrow('cache.secret is a text of 32 characters or more');
      expect(make).not.toThrow('hunter2');
    }
  });
});

describe('what is kept', () => {
  it('is bounded: the tenant that was used least recently goes first', async () => {
    const small = new TenantService(store, undefined, { ...times, max: 1 });
    await small.getTenant('acme');
    await small.getTenant('globex');
    await small.getTenant('acme');

    expect(store.asked).toEqual(['acme', 'globex', 'acme']);
  });

  it('holds no flight that has landed', async () => {
    await tenants.getTenant('acme');
    await tenants.findTenant('nobody');
    store.fails = true;
    await tenants.findTenant('globex').catch(() => undefined);

    expect((tenants as unknown as { known: { flights: Map<string, unknown> } }).known.flights.size).toBe(0);
  });
});

describe('the options', () => {
  it('that are given as undefined are not given', async () => {
    const service = new TenantService(store, undefined, { ttl: undefined, max: undefined });
    await service.getTenant('acme');
    await service.getTenant('acme');

    expect(store.asked).toEqual(['acme']);
  });

  it.each([Number.NaN, -1, Number.POSITIVE_INFINITY, '5'])('are numbers: %o is refused', (max) => {
    expect(() => new TenantService(store, undefined, { max: max as number })).toThrow(TenancyOptionsError);
  });
});
