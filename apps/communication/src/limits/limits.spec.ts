import { createClient } from '@keyv/redis';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, TestService } from '../testing/test-service.js';

let service: TestService | undefined;
afterEach(async () => {
  await service?.stop();
  service = undefined;
});

const redisUrl = process.env.TEST_REDIS_URL;

describe('a tenant', () => {
  it('may ask what its plan says, and has a problem to read above that', async () => {
    service = await TestService.start({ PLAN_REQUESTS_PER_MINUTE: 'default=2,gold=3' });
    const ask = async (as: 'acme' | 'globex') => (await service!.call('GET', '/tenant', { as })).status;

    expect([await ask('acme'), await ask('acme'), await ask('acme')]).toEqual([200, 200, 200]);
    const { status, headers, body } = await service.call('GET', '/messages');
    expect(status).toBe(429);
    expect(body).toMatchObject({ code: 'TENANT_QUOTA_EXCEEDED' });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(headers).toMatchObject({
      'content-type': 'application/problem+json; charset=utf-8',
      'ratelimit-policy': '"tenant";q=3;w=60',
    });
    expect([await ask('globex'), await ask('globex'), await ask('globex')]).toEqual([200, 200, 429]);
  });

  it('loses nothing of it to who is not authenticated, who is refused by address', async () => {
    service = await TestService.start({ PLAN_REQUESTS_PER_MINUTE: 'default=3', ADDRESS_REQUESTS_PER_MINUTE: '10' });
    const nobody = () => service!.call('GET', '/tenant', { as: 'nobody', headers: { 'X-Tenant-ID': 'acme' } });

    for (let n = 0; n < 9; n += 1) expect((await nobody()).status).toBe(401);
    for (let n = 0; n < 3; n += 1) expect((await service.call('GET', '/tenant')).status).toBe(200);
    expect((await nobody()).status).toBe(401);
    expect(await nobody()).toMatchObject({ status: 429, body: { code: 'ADDRESS_LIMIT_EXCEEDED' } });
  });

  it.skipIf(!redisUrl)('is counted where all instances see it, where there is a Redis', async () => {
    service = await TestService.start({ REDIS_URL: redisUrl! });
    const key = 'communication:limits:{tenant:acme:default}';
    const redis = createClient({ url: redisUrl });
    await redis.connect();
    await redis.del(key);

    // Until the service is connected, it counts for itself.
    const counted = await eventually(async () => {
      expect((await service!.call('GET', '/tenant')).status).toBe(200);
      return (await redis.get(key)) ?? undefined;
    });

    expect(Number(counted)).toBeGreaterThan(0);
    await service.stopApp();
    await redis.del(key);
    await redis.close();
  });
});
