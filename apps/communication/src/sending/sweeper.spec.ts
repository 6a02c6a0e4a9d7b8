import { InMemoryTenantStore, TenantService } from 'nestjs-tenancy';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Environment } from '../environment.js';
import { Sweeper } from './sweeper.js';
import type { WaitingMessages } from './waiting-messages.js';

const acme = { id: 'acme', schema: 't_acme' };

let store: InMemoryTenantStore;
let looked: string[];
let sweeper: Sweeper;

beforeEach(() => {
  store = new InMemoryTenantStore([{ ...acme, status: 'suspended' }]);
  looked = [];
  const waiting: Pick<WaitingMessages, 'queueAll' | 'queueOld'> = {
    queueAll: async ({ id }) => void looked.push(`all of ${id}`),
    queueOld: async ({ id }) => void looked.push(`old of ${id}`),
  };
  const tenants = new TenantService(store, undefined, { ttl: 0, negativeTtl: 0 });
  sweeper = new Sweeper(tenants, waiting as WaitingMessages, { MESSAGE_SWEEP_MS: 60_000 } as Environment);
});

describe('the messages that wait', () => {
  it('are all looked for once when their tenant is restored', async () => {
    await sweeper.sweep();
    store.save(acme);
    await sweeper.sweep();
    await sweeper.sweep();

    expect(looked).toEqual(['all of acme', 'old of acme']);
  });

  it('are those of a new tenant where one of its id was dropped', async () => {
    await sweeper.sweep();
    store.delete('acme');
    await sweeper.sweep();
    store.save(acme);
    await sweeper.sweep();

    expect(looked).toEqual(['old of acme']);
  });

  it('are all looked for also where a list passed over the tenant while others were dropped', async () => {
    await sweeper.sweep();
    const list = store.list.bind(store);
    store.list = async () => ({ tenants: [], total: 0 });
    await sweeper.sweep();
    store.list = list;
    store.save(acme);
    await sweeper.sweep();

    expect(looked).toEqual(['all of acme']);
  });
});
