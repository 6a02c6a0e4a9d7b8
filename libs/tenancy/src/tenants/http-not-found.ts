import type { HttpAnswer } from './http-calls.js';
import { unusable } from './http-calls.js';
import { isRecord } from './tenant.js';

/**
 * Whether an answer is the service's own word that there is no such tenant. A proxy answers 404 too, while the service behind it
 * is being replaced: such a one throws, and known tenants keep working.
 */
export async function saysNobody(answer: HttpAnswer): Promise<boolean> {
  if (answer.status !== 404) return false;
  const body = isJson(answer) ? await answer.read().catch(() => undefined) : undefined;
  if (isRecord(body) && (body.code === undefined || body.code === 'TENANT_NOT_FOUND')) return true;
  throw unusable('it answered 404 without saying, as JSON, that there is no such tenant');
}

function isJson({ headers }: HttpAnswer): boolean {
  const type = headers.get('content-type')?.split(';')[0].trim().toLowerCase();
  return type === 'application/json' || type === 'application/problem+json';
}
