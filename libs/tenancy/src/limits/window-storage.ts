import type { ThrottlerStorage } from '@nestjs/throttler';
import { BoundedMap } from '../tenants/bounded-map.js';
import { SteadyClock } from '../tenants/steady-clock.js';

/** What a `ThrottlerStorage` answers. Times are in seconds. */
export type ThrottlerRecord = Awaited<ReturnType<ThrottlerStorage['increment']>>;

interface Window {
  hits: number;
  endsAt: number;
  /** Until when nothing is let through, whatever the window says. */
  blockedUntil: number;
}

/**
 * Counts in this process: for each key one window and one number, where ThrottlerModule's own storage keeps the time of
 * each request. What is refused is not counted. Above `max` keys, the least recently used is forgotten.
 */
export class WindowStorage implements ThrottlerStorage {
  private readonly windows: BoundedMap<string, Window>;
  private readonly clock = new SteadyClock();

  constructor(max = 100_000) {
    this.windows = new BoundedMap(max);
  }

  increment(key: string, ttl: number, limit: number, blockDuration: number): Promise<ThrottlerRecord> {
    const now = this.clock.now();
    let window = this.windows.get(key);
    if (!window || window.endsAt <= now) {
      window = { hits: 0, endsAt: now + ttl, blockedUntil: window?.blockedUntil ?? 0 };
    }
    const isOver = window.hits >= limit;
    if (isOver && blockDuration > 0 && window.blockedUntil <= now) window.blockedUntil = now + blockDuration;
    const refusedUntil = window.blockedUntil > now ? window.blockedUntil : isOver ? window.endsAt : undefined;
    if (refusedUntil === undefined) window.hits += 1;
    this.windows.set(key, window);
    return Promise.resolve({
      totalHits: refusedUntil === undefined ? window.hits : limit + 1,
      timeToExpire: seconds(window.endsAt - now),
      isBlocked: refusedUntil !== undefined,
      timeToBlockExpire: refusedUntil === undefined ? 0 : seconds(refusedUntil - now),
    });
  }
}

function seconds(milliseconds: number): number {
  return Math.ceil(milliseconds / 1_000);
}
