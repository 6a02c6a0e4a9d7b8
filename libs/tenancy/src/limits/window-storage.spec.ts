import { describe, expect, it } from 'vitest';
import { describeThrottlerStorage } from '../../../../test/support/describe-throttler-storage.js';
import { WindowStorage } from './window-storage.js';

describeThrottlerStorage('a storage in this process', () => new WindowStorage());

describe('a storage in this process that is full', () => {
  it('forgets the key that was not used for the longest time', async () => {
    const storage = new WindowStorage(2);
    const take = async (key: string) => (await storage.increment(key, 60_000, 1, 0)).isBlocked;
    await take('acme');
    await take('globex');
    expect(await take('acme')).toBe(true);
    await take('initech');

    expect(await take('acme')).toBe(true);
    expect(await take('globex')).toBe(false);
  });
});
