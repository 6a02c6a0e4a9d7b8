import { createClient } from '@keyv/redis';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually, TestService } from '../testing/test-service.js';

let service: TestService | undefined;
afterEach(async () => {
  await service?.stop();
  service = undefined;
});

const redisUrl = process.env.TEST_REDIS_URL;

describe('the balancer', () => {
  it('is told whether the service works, however many were refused by its address', async () => {
    service = await TestService.start({ ADDRESS_REQUESTS_PER_MINUTE: '3' });
    const ask = async (path: string) => (await service!.call('GET', path, { as: 'nobody' })).status;
    for (let n = 0; n < 6; n += 1) expect(await ask('/health')).toBe(200);
    for (let n = 0; n < 3; n += 1) expect(await ask('/tenant')).toBe(401);
    expect(await ask('/tenant')).toBe(429);

    const answers = Array.from({ length: 20 }, () => ask('/health'));
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
  });
});

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

  it('is not refused for who comes by the same proxy, where that is known', async () => {
    service = await TestService.start({ ADDRESS_REQUESTS_PER_MINUTE: '5', TRUSTED_PROXIES: 'loopback,10.1.0.0/16' });
    const by = (address: string) => ({ headers: { 'X-Forwarded-For': address } });
    const nobody = () => service!.call('GET', '/tenant', { as: 'nobody', ...by('203.0.113.7') });
    for (let n = 0; n < 5; n += 1) expect((await nobody()).status).toBe(401);

    expect((await nobody()).status).toBe(429);
    expect((await service.call('GET', '/tenant', by('198.51.100.7'))).status).toBe(200);
  });

  it('is counted for the proxy where it is not, whatever a header says', async () => {
    service = await TestService.start({ ADDRESS_REQUESTS_PER_MINUTE: '5' });
    const nobody = (n: number) =>
      service!.call('GET', '/tenant', { as: 'nobody', headers: { 'X-Forwarded-For': `203.0.113.${n}` } });
    for (let n = 0; n < 5; n += 1) expect((await nobody(n)).status).toBe(401);

    expect((await nobody(6)).status).toBe(429);
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
