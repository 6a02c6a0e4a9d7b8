import { beforeAll, describe, expect, it } from 'vitest';
import { useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

beforeAll(async () => {
  await registry.call('POST', '/tenants', { id: 'acme', config: { 'email.from': 'a@acme.com' } });
});

describe('changing a tenant', () => {
  it('changes what is given and nothing else', async () => {
    const before = (await registry.call('GET', '/tenants/acme')).body;
    const change = { name: 'Acme', plan: 'pro', domains: ['acme.com'], metadata: { a: [1] } };
    const { status, body } = await registry.call('PATCH', '/tenants/acme', change);
    expect(status).toBe(200);
    expect(body).toEqual({ ...before, ...change, updatedAt: expect.any(String) });
    expect(body.updatedAt > before.updatedAt).toBe(true);
    expect((await registry.call('GET', '/tenants/acme')).body).toEqual(body);
  });

  it('takes the place of all metadata', async () => {
    const { body } = await registry.call('PATCH', '/tenants/acme', { metadata: { b: 2 } });
    expect(body.metadata).toEqual({ b: 2 });
  });

  it('suspends it, and makes it active again', async () => {
    for (const status of ['suspended', 'suspended', 'active', 'active']) {
      expect(await registry.call('PATCH', '/tenants/acme', { status })).toMatchObject({
        status: 200,
        body: { status },
      });
    }
  });

  it.each([
    [{ status: 'archived' }, 'status'],
    [{ status: 'provisioning' }, 'status'],
    [{ id: 'other' }, 'id'],
    [{ schema: 'public' }, 'schema'],
    [{ config: {} }, 'config'],
    [{ database: 'other' }, 'database'],
    [{ createdAt: '2020-01-01' }, 'createdAt'],
    [{ name: null }, 'name'],
    [[], ''],
  ])('refuses %j', async (change, key) => {
    const answer = await registry.call('PATCH', '/tenants/acme', change);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', errors: [{ key }] } });
  });

  it('says that an id never changes', async () => {
    const { body } = await registry.call('PATCH', '/tenants/acme', { id: 'acme' });
    expect(body.errors).toEqual([{ key: 'id', message: 'The id of a tenant never changes.' }]);
  });

  it('of an unknown tenant is a 404', async () => {
    expect(await registry.call('PATCH', '/tenants/nobody', { name: 'x' })).toMatchObject({
      status: 404,
      body: { code: 'TENANT_NOT_FOUND' },
    });
  });
});

describe('an id that can be nobody’s', () => {
  it.each(['Acme', '..%2Fadmin', '%2e%2e%2fadmin', 'a%00', '%F0%9F%92%A5', "a'--", 'a'.repeat(64)])(
    'is refused on every route: %s',
    async (id) => {
      for (const [method, path, body] of [
        ['GET', '', undefined],
        ['PATCH', '', { name: 'x' }],
        ['DELETE', '?confirm=x', undefined],
        ['GET', '/config', undefined],
        ['PATCH', '/config', { a: 1 }],
      ] as const) {
        const answer = await registry.call(method, `/tenants/${id}${path}`, body);
        expect(answer).toMatchObject({ status: 400, body: { code: 'TENANT_ID_INVALID' } });
      }
    },
  );

  it('is a 400 where it cannot even be decoded', async () => {
    expect((await registry.call('GET', '/tenants/%ff')).status).toBe(400);
  });
});
