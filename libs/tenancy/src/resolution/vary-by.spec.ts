import { describe, expect, it } from 'vitest';
import type { VaryingAnswer } from './vary-by.js';
import { varyBy } from './vary-by.js';

function varied(
  before: string | string[] | undefined,
  headers: string[],
  headersSent = false,
): string | string[] | undefined {
  let value = before;
  const answer: VaryingAnswer = { getHeader: () => value, setHeader: (_name, next) => (value = next), headersSent };
  varyBy(answer, headers);
  return value;
}

describe('what an answer depends on', () => {
  it.each([
    [undefined, ['X-Tenant-ID'], 'X-Tenant-ID'],
    [undefined, ['X-Tenant-ID', 'X-Customer'], 'X-Tenant-ID, X-Customer'],
    ['Origin', ['X-Tenant-ID'], 'Origin, X-Tenant-ID'],
    [['Origin', 'Accept'], ['X-Tenant-ID'], 'Origin,Accept, X-Tenant-ID'],
    ['Origin, x-tenant-id', ['X-Tenant-ID'], 'Origin, x-tenant-id'],
    ['*', ['X-Tenant-ID'], '*'],
    ['Origin', [], 'Origin'],
    [undefined, [], undefined],
  ])('%j and the headers %j make %j', (before, headers, after) => {
    expect(varied(before, headers)).toBe(after);
  });

  it('is not said any more once the headers are under way', () => {
    expect(varied('Origin', ['X-Tenant-ID'], true)).toBe('Origin');
  });
});
