import { HttpTenantStore } from 'nestjs-tenancy';
import { beforeAll, describe, expect, it } from 'vitest';
import { TOKEN, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();
const ids = ['acme', 'b-1', 'b0', 'b_1', 'globex'];

beforeAll(async () => {
  for (const id of ids.toReversed())
    await registry.call('POST', '/tenants', { id, domains: [`${id.replace('_', '')}.com`] });
});

describe('the list of tenants', () => {
  it('is in the order of the ids, and says how many there are in all', async () => {
    const { body } = await registry.call('GET', '/tenants');
    expect(body).toMatchObject({ total: 5, limit: 50, offset: 0 });
    expect(body.tenants.map(({ id }: { id: string }) => id)).toEqual(ids);
    expect(body.tenants[0]).toEqual((await registry.call('GET', '/tenants/acme')).body);
  });

  it('is read in pages', async () => {
    const { body } = await registry.call('GET', '/tenants?limit=2&offset=3');
    expect(body).toMatchObject({ total: 5, limit: 2, offset: 3, tenants: [{ id: 'b_1' }, { id: 'globex' }] });
    expect((await registry.call('GET', '/tenants?offset=99')).body).toMatchObject({ total: 5, tenants: [] });
  });

  it.each([
    'limit=0',
    'limit=201',
    'limit=all',
    'limit=1.5',
    'limit=',
    'limit=1&limit=2',
    'offset=-1',
    'offset=1e99',
    'page=2',
  ])('refuses %s', async (query) => {
    const answer = await registry.call('GET', `/tenants?${query}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });
});

describe('the library’s store over HTTP', () => {
  const store = () => new HttpTenantStore({ baseUrl: registry.url, token: TOKEN });

  it('finds tenants by id and by domain', async () => {
    expect(await store().findById('acme')).toMatchObject({ id: 'acme', schema: 't_acme', status: 'active' });
    expect(await store().findByDomain('globex.com')).toMatchObject({ id: 'globex' });
    expect(await store().findById('nobody')).toBeUndefined();
    expect(await store().findByDomain('nobody.com')).toBeUndefined();
  });

  it('lists them and changes their settings', async () => {
    expect(await store().list({ limit: 1, offset: 1 })).toMatchObject({ total: 5, tenants: [{ id: 'b-1' }] });
    expect(await store().updateConfig('acme', { 'email.from': 'a@acme.com' })).toMatchObject({
      config: { 'email.from': 'a@acme.com' },
    });
  });
});
