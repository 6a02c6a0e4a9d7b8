import { describe, expect, it } from 'vitest';

type Judge = (scene: object, quota: number, quiet: object, flooded?: object) => string[];
// A program's own part, which has no types.
const { violationsOf } = (await import(new URL('floods/violations.mjs', import.meta.url).href)) as {
  violationsOf: Judge;
};

const quiet = { requests: 50, served: 50, refused: 0, foreign: 0 };
const flooded = { foreign: 0, statuses: { 200: 100, 429: 5_000 } };

describe('what a flood costs the quiet tenant', () => {
  it('is nothing where all that it asks is served', () => {
    expect(violationsOf({ holds: true }, 120, quiet, flooded)).toEqual([]);
  });

  it('is told where it was refused, and where it had no answer or an error', () => {
    expect(violationsOf({ holds: true }, 120, { ...quiet, served: 47, refused: 1 }, flooded)).toEqual([
      'the quiet tenant was refused 1 times',
      '2 of the quiet tenant’s requests had no answer, or an error',
    ]);
  });

  it('is only shown where nothing is promised', () => {
    expect(violationsOf({ holds: false }, 120, { ...quiet, served: 0 }, flooded)).toEqual([]);
  });
});
