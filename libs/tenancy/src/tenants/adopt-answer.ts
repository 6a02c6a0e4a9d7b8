import type { Tenant } from './tenant.js';
import { defineTenant } from './tenant.js';
import { UnusableAnswerError } from './unusable-answer.js';

/** What was found for a key, frozen. Throws where it is not a tenant, or one of another id than was asked for. */
export function adoptAnswer(key: string, found: Tenant | null | undefined): Tenant | undefined {
  if (found === undefined || found === null) return undefined;
  const tenant = defineTenant(found);
  if (!key.startsWith('id:') || key === `id:${tenant.id}`) return tenant;
  throw new UnusableAnswerError(`The answer for ${key} is another tenant.`);
}
