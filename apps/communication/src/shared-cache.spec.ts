import { afterEach, describe, expect, it } from 'vitest';
import { findFreePort } from '../../sandbox/src/ports.js';
import { TestService } from './testing/test-service.js';

const redisUrl = process.env.TEST_REDIS_URL;
let services: TestService[] = [];
afterEach(async () => {
  await Promise.all(services.map((service) => service.stop()));
  services = [];
});

async function start(variables: Record<string, string>): Promise<TestService> {
  const service = await TestService.start(variables);
  services.push(service);
  return service;
}

describe('a Redis that is away', () => {
  it('is a cache miss, and costs the tenants nothing', async () => {
    const service = await start({
      REDIS_URL: `redis://127.0.0.1:${await findFreePort()}`,
      TENANT_CACHE_TTL_MS: '60000',
    });
    for (let n = 0; n < 3; n += 1) expect((await service.call('GET', '/tenant')).body).toMatchObject({ id: 'acme' });
  });
});

describe.skipIf(!redisUrl)('a Redis that instances share', () => {
  it('knows a tenant that another instance looked up, though the registry is away', async () => {
    const first = await start({ REDIS_URL: redisUrl!, TENANT_CACHE_TTL_MS: '60000' });
    expect((await first.call('GET', '/tenant')).status).toBe(200);
    await first.registry.stop();
    await first.stopApp();
    await first.startApp();
    expect((await first.call('GET', '/tenant')).body).toMatchObject({ id: 'acme' });
  });
});
