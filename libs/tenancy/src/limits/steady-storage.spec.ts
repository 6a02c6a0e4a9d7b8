import { Logger } from '@nestjs/common';
import type { ThrottlerStorage } from '@nestjs/throttler';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SteadyStorage } from './steady-storage.js';
import { WindowStorage } from './window-storage.js';

/** A storage that answers, fails or never does. */
class Faulty implements ThrottlerStorage {
  mode: 'answers' | 'fails' | 'hangs' = 'answers';
  asked = 0;
  private readonly counts = new WindowStorage();

  increment(key: string, ttl: number, limit: number, blockDuration: number) {
    this.asked += 1;
    if (this.mode === 'fails') return Promise.reject(new Error('connect ECONNREFUSED'));
    if (this.mode === 'hangs') return new Promise<never>(() => undefined);
    return this.counts.increment(key, ttl, limit, blockDuration);
  }
}

const warned: string[] = [];
beforeEach(() => {
  warned.length = 0;
  vi.spyOn(Logger.prototype, 'warn').mockImplementation((message: string) => void warned.push(message));
  vi.spyOn(Logger.prototype, 'log').mockImplementation((message: string) => void warned.push(message));
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const take = (storage: ThrottlerStorage) => storage.increment('tenant:acme', 60_000, 2, 0, 'default');

describe.each(['fails', 'hangs'] as const)('a storage that %s', (mode) => {
  it('costs the limit nothing: the instance counts for itself', async () => {
    const shared = new Faulty();
    shared.mode = mode;
    const storage = new SteadyStorage(shared, 20);

    const records = [await take(storage), await take(storage), await take(storage)];

    expect(records.map(({ isBlocked }) => isBlocked)).toEqual([false, false, true]);
    expect(warned).toEqual([expect.stringContaining('each instance counts for itself')]);
  });

  it('is left alone for a second, and then asked again', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const shared = new Faulty();
    shared.mode = mode;
    const storage = new SteadyStorage(shared, 20);
    await take(storage);
    await take(storage);
    expect(shared.asked).toBe(1);

    shared.mode = 'answers';
    vi.setSystemTime(Date.now() + 1_001);

    expect(await take(storage)).toMatchObject({ totalHits: 1 });
    expect(warned.at(-1)).toContain('answers again');
  });
});
