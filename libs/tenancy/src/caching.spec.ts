import { describe, expect, it } from 'vitest';
import * as names from './caching.js';

describe('the part of the package for the CacheInterceptor of @nestjs/cache-manager', () => {
  it('exports these names and no other: a new one is a decision', () => {
    expect(Object.keys(names)).toEqual(['TenantCacheInterceptor']);
  });
});
