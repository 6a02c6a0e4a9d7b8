import type { ThrottlerStorage } from '@nestjs/throttler';
import { describe, expect, it } from 'vitest';

const MINUTE = 60_000;

/** What every storage of counts has to do. `create` gives one without any. */
export function describeThrottlerStorage(name: string, create: () => ThrottlerStorage): void {
  describe(name, () => {
    const key = () => `tenant:${Math.random()}`;

    it('counts up to the limit, and says what is left of the window', async () => {
      const storage = create();
      const acme = key();
      for (const totalHits of [1, 2, 3]) {
        const record = await storage.increment(acme, MINUTE, 3, 0, 'default');
        expect(record).toMatchObject({ totalHits, isBlocked: false, timeToBlockExpire: 0 });
        expect(record.timeToExpire).toBeGreaterThan(0);
        expect(record.timeToExpire).toBeLessThanOrEqual(60);
      }
      const over = await storage.increment(acme, MINUTE, 3, 0, 'default');
      expect(over).toMatchObject({ totalHits: 4, isBlocked: true });
      expect(over.timeToBlockExpire).toBeGreaterThan(0);
      expect(over.timeToBlockExpire).toBeLessThanOrEqual(60);
    });

    it('counts each key for itself', async () => {
      const storage = create();
      await storage.increment('tenant:acme', MINUTE, 1, 0, 'default');

      expect(await storage.increment('tenant:globex', MINUTE, 1, 0, 'default')).toMatchObject({ isBlocked: false });
    });

    it('does not count what it refuses: a higher limit is at once a quota', async () => {
      const storage = create();
      const acme = key();
      for (let n = 0; n < 5; n += 1) await storage.increment(acme, MINUTE, 2, 0, 'default');

      expect(await storage.increment(acme, MINUTE, 4, 0, 'default')).toMatchObject({ totalHits: 3, isBlocked: false });
    });

    it('has a new quota after the window', async () => {
      const storage = create();
      const acme = key();
      const take = async () => (await storage.increment(acme, 20, 1, 0, 'default')).isBlocked;
      await take();
      let isBlocked = true;
      while (isBlocked) isBlocked = await take();

      expect(isBlocked).toBe(false);
    });

    it('blocks for longer than the window where it is told so', async () => {
      const storage = create();
      const acme = key();
      await storage.increment(acme, 1, 1, MINUTE, 'default');
      // In the same millisecond or a later one: as soon as it is blocked, it is so for a minute.
      let record = await storage.increment(acme, 1, 1, MINUTE, 'default');
      while (!record.isBlocked) record = await storage.increment(acme, 1_000, 1, MINUTE, 'default');

      expect(record.timeToBlockExpire).toBe(60);
      expect(await storage.increment(acme, 1, 1, MINUTE, 'default')).toMatchObject({ isBlocked: true });
    });

    it('lets no more through than the limit where all come at once', async () => {
      const storage = create();
      const acme = key();
      const all = Array.from({ length: 50 }, () => storage.increment(acme, MINUTE, 7, 0, 'default'));

      expect((await Promise.all(all)).filter(({ isBlocked }) => !isBlocked)).toHaveLength(7);
    });
  });
}
