import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from '../testing/test-service.js';

describe('a change of settings while the registry is away', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ TENANT_CACHE_TTL_MS: '60000' });
    await service.call('GET', '/tenant');
    await service.registry.stop();
  });
  afterAll(() => service?.stop());

  it.each<[string, object, Record<string, string>]>([
    ['that is stored over any version', { 'email.footer': 'Acme' }, {}],
    ['for an old version', { 'email.footer': 'Acme' }, { 'if-match': '"old"' }],
    ['of its mail server, for an old version', { 'smtp.host': 'mail.acme.example' }, { 'if-match': '"old"' }],
  ])('%s is refused, and the tenant goes on working', async (_what, body, headers) => {
    const answer = await service.call('PATCH', '/config', { body, headers });

    expect([answer.status, answer.body.code]).toEqual([503, 'TENANT_SERVICE_UNAVAILABLE']);
    expect((await service.call('GET', '/tenant')).status).toBe(200);
  });
});
