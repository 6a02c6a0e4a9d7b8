import { TenancyOptionsError } from '../tenancy.errors.js';

/**
 * Whether a path belongs to no tenant. `/health` means that path alone, with or without a slash at its end; `*` stands
 * for anything: `/docs*`, `/webhooks/*`.
 */
export function excludedPaths(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => {
    if (!pattern.startsWith('/'))
      throw new TenancyOptionsError(`exclude: ${JSON.stringify(pattern)} must begin with "/".`);
    const escaped = pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*');
    return new RegExp(`^${escaped}/?$`);
  });
  return (path) => expressions.some((expression) => expression.test(path));
}
