import { afterEach, describe, expect, it, vi } from 'vitest';
import { withRetries } from './retry.js';

function failing(times: number) {
  const counts = { attempts: 0, retries: 0 };
  const work = async () => {
    counts.attempts += 1;
    if (counts.attempts <= times) throw new Error(`attempt ${counts.attempts}`);
    return 'answer';
  };
  const options = {
    retries: 2,
    until: Number.POSITIVE_INFINITY,
    mayPass: () => true,
    onRetry: () => (counts.retries += 1),
  };
  return { counts, work, options };
}

describe('work that fails', () => {
  it('is done again', async () => {
    const { counts, work, options } = failing(2);

    expect(await withRetries(work, options)).toBe('answer');
    expect(counts).toEqual({ attempts: 3, retries: 2 });
  });

  it('is done again so often, and the last failure is the one that is told', async () => {
    const { counts, work, options } = failing(9);

    await expect(withRetries(work, options)).rejects.toThrow('attempt 3');
    expect(counts.attempts).toBe(3);
  });

  it('is not done again for a reason that stays', async () => {
    const { counts, work, options } = failing(9);

    await expect(withRetries(work, { ...options, mayPass: () => false })).rejects.toThrow('attempt 1');
    expect(counts).toEqual({ attempts: 1, retries: 0 });
  });

  it('is not done again where it became hopeless in the meantime', async () => {
    const { counts, work, options } = failing(9);
    const answers = [true, false];

    await expect(withRetries(work, { ...options, mayPass: () => answers.shift()! })).rejects.toThrow('attempt 1');
    expect(counts).toEqual({ attempts: 1, retries: 0 });
  });

  it('is not done again when there is no time for it', async () => {
    const { counts, work, options } = failing(9);

    await expect(withRetries(work, { ...options, until: performance.now() })).rejects.toThrow('attempt 1');
    expect(counts.attempts).toBe(1);
  });
});

describe('the pause before work is done again', () => {
  afterEach(() => void vi.restoreAllMocks());

  /** How often work is done that fails each time, at one moment, where no attempt begins after `until`. */
  async function attempts(chance: number, until: number): Promise<number> {
    vi.spyOn(Math, 'random').mockReturnValue(chance);
    vi.spyOn(performance, 'now').mockReturnValue(0);
    const { counts, work, options } = failing(9);
    await expect(withRetries(work, { ...options, until })).rejects.toThrow();
    return counts.attempts;
  }

  // What failed at once would otherwise come back at once.
  it.each([
    { chance: 0, first: 50, second: 100 },
    { chance: 0.5, first: 75, second: 150 },
    { chance: 1 - Number.EPSILON, first: 100, second: 200 },
  ])('is $first ms, then $second ms, where chance is $chance', async ({ chance, first, second }) => {
    expect(await attempts(chance, first - 1)).toBe(1);
    expect(await attempts(chance, first + 1)).toBe(2);
    expect(await attempts(chance, second - 1)).toBe(2);
    expect(await attempts(chance, second + 1)).toBe(3);
  });
});
