import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { ProblemException } from 'problem-details';

// A key of this name would change what objects are when somebody merges it the short way. The framework would drop it
// in silence, and the client would believe that it was stored.
const RESERVED = new Set(['__proto__', 'constructor', 'prototype']);
// Deeper than any field of this service may be, and far from where recursion ends.
const MAX_DEPTH = 20;
// PostgreSQL stores neither NUL nor half a surrogate pair.
const NOT_STORABLE = /[\0\p{Cs}]/u;

/** Refuses a body that is missing, or has parts in it that are never data, whatever the schema of the route. */
export class PlainJsonPipe implements PipeTransform {
  transform(value: unknown, { type }: ArgumentMetadata): unknown {
    if (type !== 'body') return value;
    if (value === undefined) {
      throw new ProblemException(
        400,
        'BODY_NOT_JSON',
        'Send a JSON object as the body, with the header Content-Type: application/json.',
      );
    }
    inspect(value, []);
    return value;
  }
}

function inspect(value: unknown, path: readonly string[]): void {
  if (typeof value === 'string' && NOT_STORABLE.test(value)) throw invalid(path, 'Has a character that is no text.');
  // JSON has 1e999, and JavaScript no number for it: it would be stored as null.
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(path, 'A number that is too large.');
  if (typeof value !== 'object' || value === null) return;
  if (path.length >= MAX_DEPTH) throw invalid(path, `Deeper than ${MAX_DEPTH} levels.`);
  for (const key of Object.keys(value)) {
    const at = [...path, key];
    if (RESERVED.has(key)) throw invalid(at, 'This key is reserved.');
    if (NOT_STORABLE.test(key)) throw invalid(path, 'Has a key with a character that is no text.');
    inspect((value as Record<string, unknown>)[key], at);
  }
}

function invalid(path: readonly string[], message: string): ProblemException {
  return new ProblemException(400, 'VALIDATION_FAILED', 'The request is not valid; `errors` names each field.', [
    { key: path.join('.'), message },
  ]);
}
