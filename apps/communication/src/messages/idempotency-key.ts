import { createHash } from 'node:crypto';
import { ProblemException } from 'problem-details';
import type { CreateMessage } from './message.schemas.js';

/** Reads the header `Idempotency-Key`. Throws 400 VALIDATION_FAILED. */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || /^[\x20-\x7e]{1,255}$/.test(header)) return header;
  throw new ProblemException(400, 'VALIDATION_FAILED', 'The request is not valid; `errors` names each field.', [
    { key: 'Idempotency-Key', message: '1 to 255 printable ASCII characters.' },
  ]);
}

/** Tells two requests apart, whatever the order of their keys. */
export function hashOf(request: CreateMessage): string {
  return createHash('sha256').update(canonical(request)).digest('hex');
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
