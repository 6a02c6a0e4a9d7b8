import { setImmediate as turn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantServiceUnavailableError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import type { TenantCacheOptions } from './tenant-cache-options.js';
import type { Tenant } from './tenant.js';
import { TenantService } from './tenant.service.js';

/** A store that can be away, and that can lose its answer to a change that it has made. */
class FrailStore extends InMemoryTenantStore {
  writes = 0;
  isAway = false;
  losesAnswers = false;
  gate: Promise<void> = Promise.resolve();

  override async findById(id: string): Promise<Tenant | undefined> {
    const found = await super.findById(id);
    await this.gate;
    if (this.isAway) throw new Error('connect ECONNREFUSED');
    return found;
  }

  override async updateConfig(...change: Parameters<InMemoryTenantStore['updateConfig']>): Promise<Tenant> {
    this.writes += 1;
    if (this.isAway) throw new Error('connect ECONNREFUSED');
    const changed = await super.updateConfig(...change);
    if (this.losesAnswers) throw new Error('socket hang up');
    return changed;
  }

  /** Nobody is answered until what is returned is called. */
  close(): () => void {
    let open = (): void => undefined;
    this.gate = new Promise((resolve) => (open = resolve));
    return open;
  }
}

let store: FrailStore;
beforeEach(() => {
  vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
  vi.spyOn(Logger.prototype, 'log').mockReturnValue();
  store = new FrailStore([{ id: 'acme', schema: 't_acme', config: { colour: 'red' } }]);
});
afterEach(() => vi.restoreAllMocks());

async function knowing(options: Partial<TenantCacheOptions> = {}): Promise<TenantService> {
  const tenants = new TenantService(store, undefined, { retries: 0, staleWait: 1, ...options });
  await tenants.getTenant('acme');
  return tenants;
}
const colourOf = async (tenants: TenantService) => (await tenants.getTenant('acme')).config.colour;

describe('a tenant whose settings somebody changes while the store is away', () => {
  it('keeps working as it was known', async () => {
    const tenants = await knowing();
    store.isAway = true;
    await expect(tenants.updateConfig('acme', { colour: 'blue' })).rejects.toThrow(TenantServiceUnavailableError);

    expect(await colourOf(tenants)).toBe('red');
    await expect(tenants.recheck('acme')).rejects.toThrow(TenantServiceUnavailableError);
    expect(await colourOf(tenants)).toBe('red');
  });

  it('keeps working where the store is left alone, and the change never reached it', async () => {
    const tenants = await knowing({ breakerFailures: 1, retryAfter: 60_000 });
    store.isAway = true;
    await expect(tenants.findTenant('globex')).rejects.toThrow(TenantServiceUnavailableError);
    await expect(tenants.updateConfig('acme', { colour: 'blue' })).rejects.toThrow('left alone for a while');

    expect(store.writes).toBe(0);
    expect(await colourOf(tenants)).toBe('red');
  });

  it('is no longer used than any other that is known', async () => {
    const tenants = await knowing({ staleTtl: 0 });
    store.isAway = true;
    await expect(tenants.updateConfig('acme', {})).rejects.toThrow(TenantServiceUnavailableError);

    await expect(tenants.getTenant('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });
});

describe('a change that was made, and whose answer was lost', () => {
  it('is seen by the next who asks, though the store failed just before', async () => {
    const tenants = await knowing({ ttl: 0, retryAfter: 60_000 });
    store.isAway = true;
    expect(await colourOf(tenants)).toBe('red');
    store.isAway = false;
    store.losesAnswers = true;
    await expect(tenants.updateConfig('acme', { colour: 'blue' })).rejects.toThrow(TenantServiceUnavailableError);

    expect(await colourOf(tenants)).toBe('blue');
  });

  it('is waited for, however slowly the store answers', async () => {
    const tenants = await knowing();
    store.losesAnswers = true;
    await tenants.updateConfig('acme', { colour: 'blue' }).catch(() => undefined);
    const open = store.close();
    const asking = colourOf(tenants);
    // Longer than others are waited for.
    await Promise.race([asking, new Promise((resolve) => setTimeout(resolve, 20))]);
    open();

    expect(await asking).toBe('blue');
  });

  it('is not hidden by a look-up that began before it', async () => {
    const tenants = await knowing({ ttl: 0 });
    const open = store.close();
    const before = colourOf(tenants);
    await turn();
    store.losesAnswers = true;
    await tenants.updateConfig('acme', { colour: 'blue' }).catch(() => undefined);
    const asking = colourOf(tenants);
    open();
    await before;

    expect(await asking).toBe('blue');
  });
});

describe('a tenant that is looked up anew', () => {
  it('is the one that the store has now, to all who ask from then on', async () => {
    const tenants = await knowing();
    store.save({ id: 'acme', schema: 't_acme', config: { colour: 'green' } });

    expect((await tenants.recheck('acme'))?.config.colour).toBe('green');
    expect(await colourOf(tenants)).toBe('green');
    expect(tenants.metrics().store.calls).toBe(2);
  });

  it('is none where its id is none', async () => {
    expect(await (await knowing()).recheck('../admin')).toBeUndefined();
  });
});
