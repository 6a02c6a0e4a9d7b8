import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TenantQuotaExceededError } from '../../tenancy.errors.js';
import { ConnectionShares } from './connection-shares.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a tenant at its limit', () => {
  it('waits in line for its own connections, and holds up nobody else', () => {
    const shares = new ConnectionShares({ limit: 2, maxWait: 1_000 });
    const served: string[] = [];
    for (const name of ['a', 'b', 'c', 'd'])
      shares.acquire('acme', (error) => served.push(error ? `no ${name}` : name));
    shares.acquire('globex', () => served.push('globex'));
    expect(served).toEqual(['a', 'b', 'globex']);
    shares.release('acme');
    expect(served).toEqual(['a', 'b', 'globex', 'c']);
    shares.acquire('acme', () => served.push('latecomer'));
    shares.release('acme');
    expect(served.at(-1)).toBe('d');
    shares.release('acme');
    expect(served.at(-1)).toBe('latecomer');
  });

  it('is told to come again after a bounded wait, and its place is free', () => {
    const shares = new ConnectionShares({ limit: 1, maxWait: 1_500 });
    const answers: unknown[] = [];
    shares.acquire('acme', () => undefined);
    shares.acquire('acme', (error) => answers.push(error));
    vi.advanceTimersByTime(1_499);
    expect(answers).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(answers[0]).toBeInstanceOf(TenantQuotaExceededError);
    expect(answers[0]).toMatchObject({ tenantId: 'acme', limit: 1, retryAfter: 2 });
    shares.release('acme');
    shares.acquire('acme', (error) => answers.push(error));
    expect(answers[1]).toBeUndefined();
  });

  it('leaves nothing behind once it is idle', () => {
    const shares = new ConnectionShares({ limit: 1, maxWait: 1_000 });
    for (let n = 0; n < 1_000; n += 1) {
      shares.acquire(`t${n}`, () => undefined);
      shares.release(`t${n}`);
    }
    expect((shares as unknown as { shares: Map<string, unknown> }).shares.size).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });
});
