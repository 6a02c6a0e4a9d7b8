import { TenancyOptionsError } from '../tenancy.errors.js';

/**
 * Whether a path belongs to no tenant. `/health` means that path alone, with or without a slash at its end; `*` stands
 * for anything: `/docs*`, `/webhooks/*`.
 */
export function excludedPaths(patterns: readonly string[]): (path: string) => boolean {
  const parts = patterns.map((pattern) => {
    if (!pattern.startsWith('/'))
      throw new TenancyOptionsError(`exclude: ${JSON.stringify(pattern)} must begin with "/".`);
    return pattern.split('*');
  });
  return (path) => parts.some((literals) => matches(path, literals) || matches(withoutSlash(path), literals));
}

/**
 * Whether the texts between the wildcards follow one another in a path. Not as a regular expression: with several wildcards
 * one would try them all in all places, for minutes where a path was made for that.
 */
function matches(path: string | undefined, [first, ...rest]: readonly string[]): boolean {
  const last = rest.pop();
  if (path === undefined || last === undefined) return path === first;
  if (!path.startsWith(first) || !path.endsWith(last)) return false;
  const end = path.length - last.length;
  let at = first.length;
  for (const literal of rest) {
    const found = path.indexOf(literal, at);
    if (found === -1) return false;
    at = found + literal.length;
  }
  return at <= end;
}

function withoutSlash(path: string): string | undefined {
  return path.endsWith('/') ? path.slice(0, -1) : undefined;
}
