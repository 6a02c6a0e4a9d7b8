import { TenantConfigInvalidError } from '../tenancy.errors.js';
import { isRecord } from '../tenants/tenant.js';

const MAX_BYTES = 16_384;
const MAX_DEPTH = 5;
// A key of this name, at any depth, would change what objects are when somebody merges it the short way.
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** Throws `TenantConfigInvalidError` for a change that no schema should have to see. */
export function assertPatch(patch: unknown): asserts patch is Record<string, unknown> {
  if (!isRecord(patch)) throw invalid('', 'The settings are an object of keys and values.');
  inspect(patch, '', 1);
  if (Buffer.byteLength(JSON.stringify(patch)) > MAX_BYTES) throw invalid('', `More than ${MAX_BYTES} bytes.`);
}

function inspect(value: unknown, path: string, depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > MAX_DEPTH) throw invalid(path, `Deeper than ${MAX_DEPTH} levels.`);
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (FORBIDDEN.has(key)) throw invalid(at, 'This key is reserved.');
    inspect(inner, at, depth + 1);
  }
}

function invalid(key: string, message: string): TenantConfigInvalidError {
  return new TenantConfigInvalidError([{ key, message }]);
}
