import { TenantSchemaService } from 'nestjs-tenancy';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { statusesOf, tenantSchemas, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

afterEach(() => {
  vi.restoreAllMocks();
});

describe('deleting a tenant', () => {
  it('drops its schema and removes it and its domains', async () => {
    await registry.call('POST', '/tenants', { id: 'acme', domains: ['acme.com'] });
    const answer = await registry.call('DELETE', '/tenants/acme?confirm=acme&erase=true');
    expect(answer).toMatchObject({ status: 204, body: '' });
    expect((await registry.call('GET', '/tenants/acme')).status).toBe(404);
    expect((await registry.call('GET', '/domains/acme.com')).status).toBe(404);
    expect(await tenantSchemas(registry.database)).not.toContain('t_acme');
  });

  it.each(['', '?confirm=', '?confirm=globex', '?confirm=acme&confirm=acme', '?confirm[]=acme', '?erase=true'])(
    'says how to confirm it: %j does not',
    async (query) => {
      await registry.call('POST', '/tenants', { id: 'acme' });
      const answer = await registry.call('DELETE', `/tenants/acme${query}`);
      expect(answer).toMatchObject({ status: 400, body: { code: 'CONFIRMATION_REQUIRED' } });
      expect(answer.body.detail).toContain('the id once more');
      expect((await registry.call('GET', '/tenants/acme')).body.status).toBe('active');
    },
  );

  it('of one that is not there is a 404', async () => {
    expect(await registry.call('DELETE', '/tenants/nobody?confirm=nobody')).toMatchObject({
      status: 404,
      body: { code: 'TENANT_NOT_FOUND' },
    });
  });

  it('and creating it again gives it an empty schema', async () => {
    await registry.call('POST', '/tenants', { id: 'globex', config: { 'email.from': 'a@b.c' } });
    await registry.database.query(`INSERT INTO t_globex.messages (channel, "to", body) VALUES ('sms', '+1', 'old')`);
    await registry.call('DELETE', '/tenants/globex?confirm=globex&erase=true');
    const { status, body } = await registry.call('POST', '/tenants', { id: 'globex' });
    expect([status, body.config]).toEqual([201, {}]);
    expect(body.schema).toMatch(/^t_globex_[0-9a-f]{10}$/);
    expect(await registry.database.query(`SELECT FROM ${body.schema}.messages`)).toHaveLength(0);
  });

  it('that is asked for twice at once is done once', async () => {
    await registry.call('POST', '/tenants', { id: 'twice' });
    const answers = await Promise.all(
      [1, 2, 3].map(() => registry.call('DELETE', '/tenants/twice?confirm=twice&erase=true')),
    );
    expect(statusesOf(answers)).toEqual([204, 404, 404]);
  });
});

describe('a deletion that is interrupted', () => {
  it('leaves the tenant archived, which nobody can use or change, and is finished by repeating it', async () => {
    await registry.call('POST', '/tenants', { id: 'initech' });
    vi.spyOn(registry.app.get(TenantSchemaService), 'drop').mockRejectedValueOnce(new Error('connection lost'));
    expect((await registry.call('DELETE', '/tenants/initech?confirm=initech&erase=true')).status).toBe(500);

    expect((await registry.call('GET', '/tenants/initech')).body.status).toBe('archived');
    expect(await registry.call('PATCH', '/tenants/initech', { status: 'active' })).toMatchObject({
      status: 409,
      body: { code: 'TENANT_NOT_READY' },
    });
    expect(await registry.call('POST', '/tenants', { id: 'initech' })).toMatchObject({
      status: 409,
      body: { code: 'TENANT_EXISTS', detail: expect.stringContaining('drop it first') },
    });

    expect((await registry.call('DELETE', '/tenants/initech?confirm=initech')).status).toBe(204);
    expect(await tenantSchemas(registry.database)).not.toContain('t_initech');
  });
});

describe('creating and deleting one tenant at once, again and again', () => {
  it('leaves a row with a schema, or neither', async () => {
    for (let round = 0; round < 5; round += 1) {
      const answers = await Promise.all([
        registry.call('POST', '/tenants', { id: 'torn' }),
        registry.call('DELETE', '/tenants/torn?confirm=torn&erase=true'),
        registry.call('POST', '/tenants', { id: 'torn' }),
        registry.call('DELETE', '/tenants/torn?confirm=torn&erase=true'),
      ]);
      expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
      const { status, body } = await registry.call('GET', '/tenants/torn');
      const schemas = (await tenantSchemas(registry.database)).filter((name) => name.startsWith('t_torn'));
      expect(schemas).toEqual(status === 200 ? [body.schema] : []);
      if (status === 200) expect(body.status).toBe('active');
    }
  });
});
