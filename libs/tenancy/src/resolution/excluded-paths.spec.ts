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

  it('costs no more than its length, however often its wildcards could fit', () => {
    const isWebhook = excludedPaths(['/*/a*/a*/a*/a*/a*/a*/in']);

    expect(isWebhook(`/x${'/a'.repeat(8_000)}/out`)).toBe(false);
    expect(isWebhook(`/x${'/a'.repeat(8_000)}/in`)).toBe(true);
  });

  it('has no text twice that its pattern has twice', () => {
    const isExcluded = excludedPaths(['/in*in', '/a*bc*c']);

    expect(['/in', '/inn', '/inin', '/abc', '/abcc', '/a/b/bc/c/'].map(isExcluded)).toEqual([
      false,
      false,
      true,
      false,
      true,
      true,
    ]);
  });

  it('begins with a slash', () => {
    expect(() => excludedPaths(['health'])).toThrow(TenancyOptionsError);
  });
});
