import { TenantConfigInvalidError } from '../tenancy.errors.js';
import type { SettingIssue } from './setting-fault.js';
import { valueOf } from './setting-layers.js';
import { assertPlain, PlacedFault } from './setting-limits.js';

type Values = Record<string, unknown>;

/**
 * What a schema made of a change, as JSON holds it; `null` for what is removed. Throws `TenantConfigInvalidError` for what
 * could not be read again.
 */
export function madeOf(change: Values, valid: Values, isSecret: (key: string) => boolean): Values {
  const issues: SettingIssue[] = [];
  const made = Object.keys(change).map((key) => {
    const value = change[key] === null ? null : asJson(valueOf(valid, key));
    if (change[key] !== null && value === null) {
      issues.push({ key, message: 'The schema makes nothing of it that JSON can hold.' });
    } else if (!isSecret(key)) {
      issues.push(...faultsOf(key, value));
    }
    return [key, value] as const;
  });
  if (issues.length > 0) throw new TenantConfigInvalidError(issues);
  return Object.fromEntries(made);
}

/** A value as JSON holds it; `null` where it cannot. */
export function asJson(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? 'null') as unknown;
  } catch {
    return null;
  }
}

function faultsOf(key: string, value: unknown): SettingIssue[] {
  try {
    assertPlain({ [key]: value }, '');
    return [];
  } catch (error) {
    if (error instanceof PlacedFault) return [{ key: error.path, message: error.message }];
    throw error;
  }
}
