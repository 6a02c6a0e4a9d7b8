import { describe, expect, it } from 'vitest';
import * as names from './throttler.js';

describe('the part of the package for @nestjs/throttler', () => {
  it('exports these names and no other: a new one is a decision', () => {
    expect(Object.keys(names).sort()).toEqual([
      'RedisThrottlerStorage',
      'TenantThrottlerGuard',
      'TenantThrottlerModule',
    ]);
  });
});
