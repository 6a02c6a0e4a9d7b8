import { describe, expect, it } from 'vitest';
import { describeTenantStore } from '../../../../test/support/describe-tenant-store.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';

describeTenantStore('InMemoryTenantStore', async (tenants) => new InMemoryTenantStore(tenants));

describe('a list of tenants', () => {
  it.each([
    ['a schema', { id: 'globex', schema: 't_acme' }, `Tenant "globex": the schema t_acme is already tenant acme's.`],
    [
      'a domain in another spelling',
      { id: 'globex', schema: 't_globex', domains: ['ACME.test.:443'] },
      'acme.test is already tenant acme',
    ],
    ['a domain', { id: 'globex', schema: 't_globex', domains: ['acme.test'] }, 'acme.test is already tenant acme'],
  ])('does not take two for one: %s', (_what, tenant, message) => {
    const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme', domains: ['acme.test'] }]);

    expect(() => store.save(tenant)).toThrow(TenancyOptionsError);
    expect(() => store.save(tenant)).toThrow(message);
  });

  it('takes the same schema on another database', () => {
    const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_main' }]);

    expect(store.save({ id: 'globex', schema: 't_main', database: 'eu' }).database).toBe('eu');
  });

  it('replaces a tenant, and forgets one', async () => {
    const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]);

    store.save({ id: 'acme', schema: 't_acme', plan: 'gold' });
    expect((await store.findById('acme'))?.plan).toBe('gold');
    store.delete('acme');
    expect(await store.findById('acme')).toBeUndefined();
  });
});
