import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantNotFoundError, TenantServiceUnavailableError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { Tenant } from './tenant.js';
import { defineTenant } from './tenant.js';
import { TenantService } from './tenant.service.js';

/** A store that fails as often as it is told to. */
class FailingStore extends InMemoryTenantStore {
  asked = 0;
  changes = 0;
  failures = 0;

  constructor() {
    super(['acme', 'globex'].map((id) => ({ id, schema: `t_${id}` })));
  }

  override async findById(id: string): Promise<Tenant | undefined> {
    this.asked += 1;
    this.fail();
    return super.findById(id);
  }

  override async updateConfig(id: string, patch: Readonly<Record<string, unknown>>): Promise<Tenant> {
    this.changes += 1;
    this.fail();
    return super.updateConfig(id, patch);
  }

  private fail(): void {
    if (this.failures === 0) return;
    this.failures -= 1;
    throw new Error('connect ECONNREFUSED');
  }
}

const options = { ttl: 1_000, retryAfter: 2_500, refreshAt: 1, retries: 0, breakerFailures: 3 };
let store: FailingStore;
let tenants: TenantService;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  store = new FailingStore();
  tenants = new TenantService(store, undefined, options);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const after = (milliseconds: number) => vi.advanceTimersByTime(milliseconds);
async function down(): Promise<void> {
  store.failures = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3; n += 1) await tenants.getTenant(`nobody-${n}`).catch(() => undefined);
  store.asked = 0;
}

describe('a look-up that fails', () => {
  it('is tried again', async () => {
    tenants = new TenantService(store, undefined, { ...options, retries: 2 });
    store.failures = 2;

    expect((await tenants.getTenant('acme')).id).toBe('acme');
    expect(tenants.metrics().store).toEqual({ calls: 3, failures: 2, retries: 2 });
  });

  it('is not tried again when the breaker has opened', async () => {
    tenants = new TenantService(store, undefined, { ...options, retries: 10 });
    store.failures = Number.POSITIVE_INFINITY;

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
    expect(store.asked).toBe(3);
  });

  it('is not tried again where the store answered', async () => {
    const liar = { findById: vi.fn(async () => defineTenant({ id: 'globex', schema: 't_globex' })) };
    const service = new TenantService(liar, undefined, { ...options, retries: 2 });

    await expect(service.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
    expect(liar.findById).toHaveBeenCalledTimes(1);
  });
});

describe('a change that fails', () => {
  it('is never tried again', async () => {
    tenants = new TenantService(store, undefined, { ...options, retries: 2 });
    store.failures = 1;

    await expect(tenants.updateConfig('acme', { a: 1 })).rejects.toThrow(TenantServiceUnavailableError);
    expect(store.changes).toBe(1);
  });

  it('is not believed where the answer is another tenant', async () => {
    const liar = new FailingStore();
    liar.updateConfig = async () => defineTenant({ id: 'globex', schema: 't_globex' });

    await expect(new TenantService(liar).updateConfig('acme', {})).rejects.toThrow(TenantServiceUnavailableError);
  });
});

describe('a store that failed several times in a row', () => {
  it('is not asked for unknown tenants: they are refused, with when to come back', async () => {
    await down();
    const failure = await tenants.getTenant('globex').catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(TenantServiceUnavailableError);
    expect(failure).toMatchObject({ retryAfter: 3 });
    expect(store.asked).toBe(0);
    expect(tenants.metrics()).toMatchObject({ breaker: 'open', refused: { breaker: 1 } });
  });

  it('is not asked for known ones: they are used as they were', async () => {
    await tenants.getTenant('acme');
    await down();
    after(1_000);

    expect((await tenants.getTenant('acme')).id).toBe('acme');
    expect(store.asked).toBe(0);
    expect(tenants.metrics().stale).toBe(1);
  });

  it('is asked by one of many after a while, and by all when that went well', async () => {
    await down();
    after(2_500);
    store.failures = 0;

    const answers = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => tenants.findTenant(`nobody-${n}`)));
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(store.asked).toBe(1);
    expect(tenants.metrics().breaker).toBe('closed');
    expect((await tenants.getTenant('globex')).id).toBe('globex');
  });

  it('is asked once in a while as long as it fails', async () => {
    await down();
    for (let n = 0; n < 10; n += 1) {
      after(2_500);
      for (let m = 0; m < 10; m += 1) await tenants.findTenant(`nobody-${n}-${m}`).catch(() => undefined);
    }

    expect(store.asked).toBe(10);
  });

  it('is asked for no change either', async () => {
    await down();

    await expect(tenants.updateConfig('acme', { a: 1 })).rejects.toThrow(TenantServiceUnavailableError);
    expect(store.changes).toBe(0);
  });
});

describe('a record that is wrong', () => {
  it('is no reason to leave the store alone', async () => {
    const find = store.findById.bind(store);
    store.findById = async (id) => find(id === 'acme' ? 'globex' : id);

    for (let n = 0; n < 10; n += 1) {
      await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
    }
    expect(tenants.metrics().breaker).toBe('closed');
  });

  it('of a change is none either', async () => {
    store.updateConfig = () => Promise.reject(new TenantNotFoundError('acme'));
    for (let n = 0; n < 10; n += 1) await tenants.updateConfig('acme', {}).catch(() => undefined);

    expect(tenants.metrics().breaker).toBe('closed');
  });
});
