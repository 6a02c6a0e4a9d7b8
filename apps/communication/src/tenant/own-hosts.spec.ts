import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestService } from '../testing/test-service.js';

describe('a host name of the service itself', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start({ OWN_HOSTS: 'api.mail.test, *.cluster.test', TENANT_CACHE_TTL_MS: '60000' });
    await service.call('GET', '/tenant');
  });
  afterAll(() => service?.stop());

  const ask = (host: string) => service.call('GET', '/tenant', { headers: { host } });

  it('is not looked up, and needs no registry', async () => {
    expect((await ask('mail.other.test')).status).toBe(200);
    await service.registry.stop();

    for (const host of ['api.mail.test', 'communication.cluster.test:3000']) {
      expect(await ask(host)).toMatchObject({ status: 200, body: { id: 'acme' } });
    }
    expect((await ask('unheard-of.test')).status).toBe(503);
    expect(service.registry.asked.filter((path) => path.startsWith('/domains/'))).toEqual(['/domains/mail.other.test']);
  });
});
