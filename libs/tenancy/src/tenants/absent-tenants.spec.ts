import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantServiceUnavailableError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { Tenant } from './tenant.js';
import { TenantService } from './tenant.service.js';
import { UnusableAnswerError } from './unusable-answer.js';

class DomainStore extends InMemoryTenantStore {
  asked = 0;
  failure: Error | undefined;
  gate: Promise<void> = Promise.resolve();

  override async findByDomain(domain: string): Promise<Tenant | undefined> {
    this.asked += 1;
    await this.gate;
    if (this.failure) throw this.failure;
    return super.findByDomain(domain);
  }
}

const away = new Error('connect ECONNREFUSED');
const times = { negativeTtl: 1_000, staleTtl: 10_000, retryAfter: 500, retries: 0, breakerFailures: 100 };
let store: DomainStore;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  store = new DomainStore();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const after = (milliseconds: number): void => {
  vi.setSystemTime(Date.now() + milliseconds);
};

/** A process that has asked for a host name of its own, which is no tenant's. */
async function asking(options: Partial<TenantCacheOptions> = {}): Promise<TenantService> {
  const tenants = new TenantService(store, undefined, { ...times, ...options });
  await tenants.findTenantByDomain('api.test');
  after(times.negativeTtl);
  return tenants;
}

describe('a host name that was nobody’s', () => {
  it('stays so while the store does not answer, for as long as a tenant is used', async () => {
    const tenants = await asking();
    store.failure = away;
    expect(await tenants.findTenantByDomain('api.test')).toBeUndefined();

    after(times.staleTtl);
    await expect(tenants.findTenantByDomain('api.test')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('is asked for once in a while only, and one caller waits for that', async () => {
    const tenants = await asking();
    store.failure = away;
    for (let n = 0; n < 10; n += 1) await tenants.findTenantByDomain('api.test');
    expect(store.asked).toBe(2);

    after(times.retryAfter);
    let open = (): void => undefined;
    store.gate = new Promise((resolve) => (open = resolve));
    const first = tenants.findTenantByDomain('api.test');
    await turn();
    expect(await tenants.findTenantByDomain('api.test')).toBeUndefined();
    open();
    expect(await first).toBeUndefined();
    expect(store.asked).toBe(3);
  });

  it('stays so while others use up what look-ups of nobody may cost', async () => {
    const tenants = await asking({ maxMisses: 5 });
    for (let n = 0; n < 5; n += 1) await tenants.findTenantByDomain(`made-up-${n}.test`).catch(() => undefined);
    await expect(tenants.findTenantByDomain('one-more.test')).rejects.toThrow(TenantServiceUnavailableError);

    expect(await tenants.findTenantByDomain('api.test')).toBeUndefined();
  });

  it('is a tenant’s once the store says so', async () => {
    const tenants = await asking();
    store.failure = away;
    await tenants.findTenantByDomain('api.test');
    store.failure = undefined;
    store.save({ id: 'acme', schema: 't_acme', domains: ['api.test'] });
    after(times.retryAfter);

    expect((await tenants.findTenantByDomain('api.test'))?.id).toBe('acme');
  });

  it('is not so where the store answers with what cannot be used: it may be somebody’s', async () => {
    const tenants = await asking();
    store.failure = new UnusableAnswerError('The answer is no tenant.');

    await expect(tenants.findTenantByDomain('api.test')).rejects.toThrow('The answer is no tenant.');
  });
});
