import { describe, expect, it } from 'vitest';
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
