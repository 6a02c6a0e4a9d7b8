import { TenantConfigInvalidError } from '../tenancy.errors.js';
import { isRecord } from '../tenants/tenant.js';
import { Secret, SECRET_PLACEHOLDER } from './secrets/secret.js';
import { assertPlain, bytesOf, MAX_BYTES, PlacedFault } from './setting-limits.js';

/**
 * The change, as JSON holds it, its secrets revealed. Throws `TenantConfigInvalidError` for one that no schema should have
 * to see.
 */
export function checkedPatch(patch: unknown, isSecret: (key: string) => boolean): Record<string, unknown> {
  if (!isRecord(patch)) throw invalid('', 'The settings are an object of keys and values.');
  const revealed = Object.entries(patch).map(([key, value]) => [key, isSecret(key) ? reveal(key, value) : value]);
  const change = JSON.parse(jsonOf(Object.fromEntries(revealed) as Record<string, unknown>)) as Record<string, unknown>;
  const lost = revealed.find(([key, value]) => value !== null && change[key as string] === null);
  if (lost) throw invalid(lost[0] as string, 'JSON makes null of it, which would remove the setting.');
  if (bytesOf(change) > MAX_BYTES) throw invalid('', `More than ${MAX_BYTES} bytes.`);
  try {
    assertPlain(change, '');
  } catch (error) {
    throw error instanceof PlacedFault ? invalid(error.path, error.message) : error;
  }
  return change;
}

function reveal(key: string, value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (value !== SECRET_PLACEHOLDER) return value;
  throw invalid(key, 'Is what a secret is shown as. Leave the key out: what is stored stays.');
}

function jsonOf(patch: Record<string, unknown>): string {
  try {
    return JSON.stringify(patch, function (this: Record<string, unknown>, key, value: unknown) {
      if (this[key] instanceof Secret) throw invalid(key, 'Only a setting that is declared as a secret can hold one.');
      // JSON makes null of it, and null removes a setting.
      if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(key, 'Not a number.');
      return value;
    });
  } catch (error) {
    if (error instanceof TenantConfigInvalidError) throw error;
    throw invalid('', 'JSON cannot hold these settings.');
  }
}

function invalid(key: string, message: string): TenantConfigInvalidError {
  return new TenantConfigInvalidError([{ key, message }]);
}
