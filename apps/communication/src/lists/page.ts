import { z } from 'zod';

export const pageLimit = z.coerce.number().int().min(1).max(100).default(20).describe('How many at most.');

/** What a page has and where the next one begins, of what was found when one more than it has was looked for. */
export function pageOf<T extends { readonly id: string }>(
  found: readonly T[],
  limit: number,
): { page: T[]; next?: string } {
  const page = found.slice(0, limit);
  return found.length > limit ? { page, next: page.at(-1)!.id } : { page };
}
