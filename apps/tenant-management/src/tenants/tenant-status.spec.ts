import { TenantSchemaService } from 'nestjs-tenancy';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { useRegistry } from '../testing/running-registry.js';

const registry = useRegistry({ TENANT_DROP_GRACE_DAYS: '7', RESERVED_TENANT_IDS: 'status,billing' });
const post = (path: string, body?: unknown) => registry.call('POST', path, body);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the routes of a tenant’s life', () => {
  it('answer the tenant as it is then', async () => {
    await post('/tenants', { id: 'acme', domains: ['acme.com'] });
    for (const [action, status] of [
      ['suspend', 'suspended'],
      ['restore', 'active'],
      ['archive', 'archived'],
    ] as const) {
      const answer = await post(`/tenants/acme/${action}`);
      expect(answer).toMatchObject({ status: 200, body: { id: 'acme', status, domains: ['acme.com'] } });
      expect((await registry.call('GET', '/tenants/acme')).body).toEqual(answer.body);
    }
  });

  it('say from when on an archived tenant may be deleted: after the days that the service is told', async () => {
    const { body } = await post('/tenants/acme/archive');
    const days = (new Date(body.dropAfter).getTime() - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(6.9);
    expect(days).toBeLessThanOrEqual(7);
    expect((await registry.call('GET', '/drops')).body).toMatchObject({
      drops: [{ id: 'acme', status: 'archived', dropAfter: body.dropAfter, isDue: false }],
      total: 1,
    });
    expect((await post('/tenants/acme/restore')).body).not.toHaveProperty('dropAfter');
  });

  it.each(['suspend', 'archive'])('refuse what leads nowhere: %s of one that is still being made', async (action) => {
    await post('/tenants', { id: 'half' });
    await registry.database.query(`UPDATE public.tenants SET status = 'provisioning' WHERE id = 'half'`);
    expect(await post(`/tenants/half/${action}`)).toMatchObject({
      status: 409,
      body: { code: 'TENANT_STATUS_CONFLICT', detail: expect.stringContaining('provisioning') },
    });
    expect(await post('/tenants/half/restore')).toMatchObject({ status: 409 });
  });

  it('are 404 for nobody, and 400 for what can be nobody’s', async () => {
    for (const action of ['suspend', 'restore', 'archive']) {
      expect(await post(`/tenants/nobody/${action}`)).toMatchObject({
        status: 404,
        body: { code: 'TENANT_NOT_FOUND' },
      });
      expect(await post(`/tenants/..%2Facme/${action}`)).toMatchObject({ status: 400 });
    }
  });

  it('let nobody have an id that is reserved', async () => {
    for (const id of ['www', 'system', 'billing']) {
      expect(await post('/tenants', { id })).toMatchObject({ status: 400, body: { code: 'TENANT_ID_RESERVED' } });
    }
  });
});

describe('ten changes of status at once', () => {
  it('leave one of them, and an entry for each that changed something', async () => {
    await post('/tenants', { id: 'globex' });
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => post(`/tenants/globex/${n % 2 ? 'suspend' : 'restore'}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const { entries } = (await registry.call('GET', '/tenants/globex/audit')).body;
    const steps = entries.toReversed().map(({ action }: { action: string }) => action);
    expect(steps.slice(0, 2)).toEqual(['tenant.created', 'tenant.suspended']);
    // Each leads from where the one before has led to.
    for (const [at, step] of steps.slice(1).entries()) {
      expect(step).toBe(at % 2 ? 'tenant.restored' : 'tenant.suspended');
    }
  });
});

describe('a drop that was interrupted', () => {
  it('cannot be taken back, as nobody knows what is left, and is finished by repeating it', async () => {
    await post('/tenants', { id: 'initech' });
    await post('/tenants/initech/archive');
    vi.spyOn(registry.app.get(TenantSchemaService), 'drop').mockRejectedValueOnce(new Error('connection lost'));
    expect((await registry.call('DELETE', '/tenants/initech?confirm=initech&erase=true')).status).toBe(500);

    for (const action of ['restore', 'suspend', 'archive']) {
      expect(await post(`/tenants/initech/${action}`)).toMatchObject({
        status: 409,
        body: { code: 'TENANT_STATUS_CONFLICT', detail: expect.stringContaining('being dropped') },
      });
    }
    expect((await registry.call('GET', '/drops')).body.drops).toContainEqual(
      expect.objectContaining({ id: 'initech', isDue: true }),
    );
    expect((await registry.call('DELETE', '/tenants/initech?confirm=initech')).status).toBe(204);
  });

  it.each(['yes', '', '1', 'true&erase=true'])('is not begun by an erase that is none: %s', async (erase) => {
    await post('/tenants', { id: 'hooli' });
    const answer = await registry.call('DELETE', `/tenants/hooli?confirm=hooli&erase=${erase}`);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect((await registry.call('GET', '/tenants/hooli')).body.status).toBe('active');
  });
});
