import { describe, expect, it } from 'vitest';
import { MissBudget } from './miss-budget.js';

function takeAll(budget: MissBudget): number {
  let taken = 0;
  while (budget.take()) taken += 1;
  return taken;
}

describe('a budget of misses', () => {
  it('is spent after so many, and comes back over a minute', () => {
    let now = 0;
    const budget = new MissBudget(60, () => now);

    expect(takeAll(budget)).toBe(60);
    expect([budget.isSpent, budget.remaining]).toEqual([true, 1_000]);
    now += 1_000;
    expect(takeAll(budget)).toBe(1);
    now += 30_000;
    expect(takeAll(budget)).toBe(30);
  });

  it('never holds more than one minute’s', () => {
    let now = 0;
    const budget = new MissBudget(60, () => now);
    now += 3_600_000;
    budget.giveBack();

    expect(takeAll(budget)).toBe(60);
  });

  it('is not spent by what is given back', () => {
    const budget = new MissBudget(1, () => 0);
    for (let n = 0; n < 100; n += 1) {
      expect(budget.take()).toBe(true);
      budget.giveBack();
    }
  });
});
