import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Call } from '../testing/test-service.js';
import { TestService } from '../testing/test-service.js';

let service: TestService;
beforeAll(async () => {
  service = await TestService.start();
  const message = { channel: 'email', to: 'ada@example.com', subject: 'For acme', body: 'Hello' };
  await service.call('POST', '/messages', { body: message });
});
afterAll(() => service?.stop());

describe('a tenant', () => {
  it.each<[string, string, Call]>([
    ['claim', '', {}],
    ['header', '', { as: 'platform', headers: { 'X-Tenant-ID': 'acme' } }],
    ['query', '?tenant_id=acme', { as: 'platform' }],
    ['path', '', { as: 'platform' }],
    ['subdomain', '', { as: 'platform', headers: { Host: 'acme.localhost:3000' } }],
    ['own domain', '', { as: 'platform', headers: { Host: 'mail.acme.example' } }],
  ])('is named by %s, for every route', async (source, query, call) => {
    const prefix = source === 'path' ? '/tenants/acme' : '';
    const facts = await service.call('GET', `${prefix}/tenant${query}`, call);
    expect(facts).toMatchObject({ status: 200, body: { id: 'acme', name: 'Acme', plan: 'gold', status: 'active' } });
    expect(Object.keys(facts.body)).toEqual(['id', 'name', 'plan', 'status']);
    const messages = await service.call('GET', `${prefix}/messages${query}`, call);
    expect(messages.body.messages).toMatchObject([{ subject: 'For acme' }]);
    const config = await service.call('GET', `${prefix}/config${query}`, call);
    expect(config.body).toMatchObject({ 'sms.senderId': 'ACME' });
    const templates = await service.call('GET', `${prefix}/templates${query}`, call);
    expect(templates.status).toBe(200);
  });

  it('has its messages under its own path', async () => {
    const body = { channel: 'sms', to: '+14155550123', body: 'Hello' };
    const { headers } = await service.call('POST', '/tenants/globex/messages', { as: 'platform', body });
    expect(headers.location).toMatch(/^\/tenants\/globex\/messages\/[0-9a-f-]{36}$/);
    expect((await service.call('GET', String(headers.location), { as: 'platform' })).status).toBe(200);
  });

  it.each<[string, string, Call]>([
    ['header', '/tenant', { headers: { 'X-Tenant-ID': 'globex' } }],
    ['query', '/tenant?tenant_id=globex', {}],
    ['path', '/tenants/globex/tenant', {}],
    ['subdomain', '/tenant', { headers: { Host: 'globex.localhost' } }],
    ['a tenant that is not there', '/tenant', { headers: { 'X-Tenant-ID': 'nobody' } }],
  ])('that is not the claim’s is refused, before anybody is asked: %s', async (_source, path, call) => {
    service.registry.asked.length = 0;
    const answer = await service.call('GET', path, call);
    expect(answer).toMatchObject({ status: 403, body: { code: 'TENANT_FORBIDDEN' } });
    expect(JSON.stringify(answer.body)).not.toMatch(/globex|acme|nobody/);
    expect(service.registry.asked).toEqual([]);
  });

  it('must be named by a token of the platform', async () => {
    const answer = await service.call('GET', '/messages', { as: 'platform' });
    expect(answer).toMatchObject({ status: 400, body: { code: 'TENANT_REQUIRED' } });
  });

  it('must be one', async () => {
    const answer = await service.call('GET', '/tenants/acme/messages', {
      as: 'platform',
      headers: { 'X-Tenant-ID': 'globex' },
    });
    expect(answer).toMatchObject({ status: 400, body: { code: 'TENANT_CONFLICT' } });
  });

  it('that is unknown and one that is suspended look the same', async () => {
    const globex = (await service.tenants.findById('globex'))!;
    service.tenants.save({ ...globex, status: 'suspended' });
    const ask = (id: string) => service.call('GET', '/tenant', { as: 'platform', headers: { 'X-Tenant-ID': id } });
    const [unknown, suspended] = [await ask('nobody'), await ask('globex')];
    service.tenants.save(globex);
    expect(suspended).toMatchObject({ status: 404, body: { code: 'TENANT_NOT_FOUND' } });
    expect(suspended.body).toEqual(unknown.body);
  });
});

describe('while the registry is away', () => {
  beforeEach(async () => {
    await service.call('GET', '/tenant');
    await service.registry.stop();
  });

  it('those who are known are served, and a stranger is told to come again', async () => {
    expect((await service.call('GET', '/messages')).status).toBe(200);
    const stranger = await service.call('GET', '/messages', { as: 'platform', headers: { 'X-Tenant-ID': 'initech' } });
    expect(stranger).toMatchObject({ status: 503, body: { code: 'TENANT_SERVICE_UNAVAILABLE' } });
    const health = await service.call('GET', '/health', { as: 'nobody' });
    expect(health).toMatchObject({ status: 200, body: { status: 'degraded' } });
  });
});
