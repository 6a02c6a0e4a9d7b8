import { TenantConfigInvalidError } from '../tenancy.errors.js';
import { isRecord } from '../tenants/tenant.js';

const MAX_BYTES = 16_384;
const MAX_DEPTH = 5;
// A key of this name, at any depth, would change what objects are when somebody merges it the short way.
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** The change, as JSON holds it. Throws `TenantConfigInvalidError` for one that no schema should have to see. */
export function checkedPatch(patch: unknown): Record<string, unknown> {
  if (!isRecord(patch)) throw invalid('', 'The settings are an object of keys and values.');
  const text = jsonOf(patch);
  if (Buffer.byteLength(text) > MAX_BYTES) throw invalid('', `More than ${MAX_BYTES} bytes.`);
  const change = JSON.parse(text) as Record<string, unknown>;
  inspect(change, '', 1);
  return change;
}

function jsonOf(patch: Record<string, unknown>): string {
  try {
    return JSON.stringify(patch, (key, value: unknown) => {
      // JSON makes null of it, and null removes a setting.
      if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(key, 'Not a number.');
      return value;
    });
  } catch (error) {
    if (error instanceof TenantConfigInvalidError) throw error;
    throw invalid('', 'JSON cannot hold these settings.');
  }
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
