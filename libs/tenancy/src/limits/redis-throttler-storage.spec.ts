import { createClient } from '@keyv/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeThrottlerStorage } from '../../../../test/support/describe-throttler-storage.js';
import { RedisThrottlerStorage } from './redis-throttler-storage.js';

const url = process.env.TEST_REDIS_URL;
const prefix = `tenancy:limits:${process.pid}:${Date.now()}:`;

describe.skipIf(!url)('with a Redis', () => {
  const client = createClient({ url });
  let created = 0;
  const create = () => new RedisThrottlerStorage(client, `${prefix}${(created += 1)}:`);

  beforeAll(async () => {
    await client.connect();
  });
  afterAll(async () => {
    const keys = await client.keys(`${prefix}*`);
    if (keys.length > 0) await client.del(keys);
    await client.close();
  });

  describeThrottlerStorage('a storage in Redis', create);

  describe('a storage in Redis', () => {
    it('keeps one key for each tenant, which goes with its window', async () => {
      const own = `${prefix}keys:`;
      const storage = new RedisThrottlerStorage(client, own);
      for (let n = 0; n < 5; n += 1) await storage.increment('tenant:acme', 60_000, 3, 0);

      expect(await client.keys(`${own}*`)).toEqual([`${own}{tenant:acme}`]);
      const rest = await client.pTTL(`${own}{tenant:acme}`);
      expect(rest).toBeGreaterThan(0);
      expect(rest).toBeLessThanOrEqual(60_000);
    });

    it('gives a window to a key that has lost its own', async () => {
      const own = `${prefix}lost:`;
      const storage = new RedisThrottlerStorage(client, own);
      await client.set(`${own}{tenant:acme}`, '1');
      await storage.increment('tenant:acme', 60_000, 3, 0);

      expect(await client.pTTL(`${own}{tenant:acme}`)).toBeGreaterThan(0);
    });
  });
});
