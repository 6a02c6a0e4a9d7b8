import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeThrottlerStorage } from '../../../../test/support/describe-throttler-storage.js';
import { WindowStorage } from './window-storage.js';

describeThrottlerStorage('a storage in this process', () => new WindowStorage());

afterEach(() => {
  vi.useRealTimers();
});

describe('a clock that is put back', () => {
  it('refuses nobody for longer than the window', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const storage = new WindowStorage();
    const take = async () => (await storage.increment('acme', 60_000, 1, 0)).isBlocked;
    await take();

    vi.setSystemTime(Date.now() - 3_600_000);
    expect(await take()).toBe(true);
    vi.setSystemTime(Date.now() + 60_000);
    expect(await take()).toBe(false);
  });
});

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
