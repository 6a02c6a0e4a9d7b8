import { describe, expect, it } from 'vitest';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { excludedPaths } from './excluded-paths.js';

describe('an excluded path', () => {
  const isExcluded = excludedPaths(['/health', '/docs*', '/hooks/*/in', '/a.b(c)']);

  it.each(['/health', '/health/', '/docs', '/docs/', '/docs-json', '/docs/a/b', '/hooks/mail/in', '/a.b(c)'])(
    'is that path, and what its wildcard stands for: %s',
    (path) => {
      expect(isExcluded(path)).toBe(true);
    },
  );

  it.each([
    '/',
    '/healthy',
    '/health/deep',
    '/v1/health',
    '/Health',
    '/doc',
    '/hooks/in',
    '/hooks/mail/in/x',
    '/aXb(c)',
  ])('is nothing else: %s', (path) => {
    expect(isExcluded(path)).toBe(false);
  });

  it('begins with a slash', () => {
    expect(() => excludedPaths(['health'])).toThrow(TenancyOptionsError);
  });
});
