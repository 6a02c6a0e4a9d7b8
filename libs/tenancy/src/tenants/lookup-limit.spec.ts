import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { TenantServiceUnavailableError } from '../tenancy.errors.js';
import { LookupLimit } from './lookup-limit.js';

const HOUR = 3_600_000;

/** Work that ends when it is told to. */
function held() {
  const ends: Array<() => void> = [];
  return { ends, work: () => new Promise<void>((resolve) => ends.push(resolve)) };
}

describe('more than may run at once', () => {
  it('wait for their turn, in the order of their arrival', async () => {
    const limit = new LookupLimit(2, 10);
    const { ends, work } = held();
    const order: number[] = [];
    const all = [0, 1, 2, 3].map((n) =>
      limit.run(async () => {
        order.push(n);
        await work();
      }, HOUR),
    );

    await turn();
    expect([order, limit.running, limit.waiting]).toEqual([[0, 1], 2, 2]);
    ends[1]();
    await turn();
    expect([order, limit.running, limit.waiting]).toEqual([[0, 1, 2], 2, 1]);
    for (const at of [0, 2]) ends[at]();
    await turn();
    ends[3]();
    await Promise.all(all);
    expect([order, limit.running, limit.waiting]).toEqual([[0, 1, 2, 3], 0, 0]);
  });

  it('give their place on though they fail', async () => {
    const limit = new LookupLimit(1, 10);
    const failing = limit.run(() => Promise.reject(new Error('x')), HOUR);
    const next = limit.run(async () => 'done', HOUR);

    await expect(failing).rejects.toThrow('x');
    expect(await next).toBe('done');
    expect(limit.running).toBe(0);
  });
});

describe('more than may wait', () => {
  it('are refused at once', async () => {
    const limit = new LookupLimit(1, 1);
    const { ends, work } = held();
    const running = limit.run(work, HOUR);
    const waiting = limit.run(async () => 'done', HOUR);

    await expect(limit.run(work, HOUR)).rejects.toThrow(TenantServiceUnavailableError);
    ends[0]();
    await running;
    expect(await waiting).toBe('done');
  });

  it('leave their place in the queue when their time is over', async () => {
    const limit = new LookupLimit(1, 1);
    const { ends, work } = held();
    const running = limit.run(work, HOUR);

    await expect(limit.run(work, 1)).rejects.toThrow(TenantServiceUnavailableError);
    const waiting = limit.run(async () => 'done', HOUR);
    ends[0]();
    await running;
    expect(await waiting).toBe('done');
    expect(ends).toHaveLength(1);
  });
});
