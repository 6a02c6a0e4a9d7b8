import { describe, expect, it } from 'vitest';
import { TenantPlaces } from './tenant-places.js';

/** What a message is told: that it may go, or how long it waits. */
function ask(places: TenantPlaces, tenantId: string, now = 0) {
  const turn = places.take(tenantId, now);
  return 'waitMs' in turn ? turn.waitMs : turn;
}
const GOES = { leave: expect.any(Function) };

describe('a tenant that has all its places', () => {
  it('waits, and the others do not', () => {
    const places = new TenantPlaces(2, 15_000);
    expect([ask(places, 'acme'), ask(places, 'acme')]).toEqual([GOES, GOES]);
    expect(ask(places, 'acme')).toBeGreaterThan(0);
    expect(ask(places, 'globex')).toEqual(GOES);
  });

  it('has its messages come one after the other, as its places come round, and none of them too late', () => {
    const places = new TenantPlaces(2, 200);
    ask(places, 'acme');
    ask(places, 'acme');
    expect(Array.from({ length: 5 }, () => ask(places, 'acme'))).toEqual([50, 100, 150, 200, 200]);
    // Half a second later nobody of these is waited for any more.
    expect(ask(places, 'acme', 500)).toBe(50);
  });

  it('learns how long its messages take', () => {
    const places = new TenantPlaces(2, 60_000);
    const slow = places.take('acme', Date.now() - 8_100);
    const now = Date.now();
    expect(ask(places, 'acme', now)).toEqual(GOES);
    expect(ask(places, 'acme', now)).toBe(50);
    if ('leave' in slow) slow.leave();
    expect(ask(places, 'acme', now)).toEqual(GOES);
    expect(ask(places, 'acme', now)).toBeGreaterThan(500);
  });

  it('has a place again with each message that is done', () => {
    const places = new TenantPlaces(2, 15_000);
    const first = places.take('acme');
    ask(places, 'acme');
    if ('leave' in first) first.leave();
    expect(ask(places, 'acme')).toEqual(GOES);
    expect(ask(places, 'acme')).toBeGreaterThan(0);
  });
});
