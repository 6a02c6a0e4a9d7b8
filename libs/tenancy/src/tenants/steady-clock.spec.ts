import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SteadyClock } from './steady-clock.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(NOON);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('a clock', () => {
  it('tells the system’s time, and goes forward with it', () => {
    const clock = new SteadyClock();

    expect(clock.now()).toBe(NOON);
    vi.setSystemTime(NOON + HOUR);
    expect(clock.now()).toBe(NOON + HOUR);
  });

  it('goes on from where it was when the system’s is put back', () => {
    const clock = new SteadyClock();
    clock.now();

    vi.setSystemTime(NOON - HOUR);
    expect(clock.now()).toBe(NOON);
    vi.setSystemTime(NOON - HOUR + 5);
    expect(clock.now()).toBe(NOON + 5);
  });

  it('understands other clocks, before and after that', () => {
    const clock = new SteadyClock();
    expect([clock.toSystem(NOON), clock.fromSystem(NOON)]).toEqual([NOON, NOON]);

    vi.setSystemTime(NOON - HOUR);
    expect(clock.toSystem(NOON - 7)).toBe(NOON - HOUR - 7);
    expect(clock.fromSystem(NOON - HOUR - 7)).toBe(NOON - 7);
  });

  it('does not say when that was what another clock has yet to come to', () => {
    expect(new SteadyClock().fromSystem(NOON + 1)).toBeUndefined();
    expect(new SteadyClock().fromSystem(Number.NaN)).toBeUndefined();
  });
});
