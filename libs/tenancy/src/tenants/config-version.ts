import { createHash } from 'node:crypto';
import { TenantConfigConflictError } from '../tenancy.errors.js';
import type { TenantConfigCondition } from './tenant-store.js';

/**
 * Names what the settings of a tenant are, as they are stored. Equal settings have one version whatever order their keys
 * came in, so that a table and a service in front of it agree on it without keeping one.
 */
export function configVersionOf(config: Readonly<Record<string, unknown>>): string {
  return createHash('sha256').update(canonical(config)).digest('base64url');
}

/** Throws `TenantConfigConflictError` where the settings are not those that a change is meant for. */
export function assertConfigVersion(
  tenantId: string,
  config: Readonly<Record<string, unknown>>,
  { ifVersion, basedOn = ifVersion }: TenantConfigCondition = {},
): void {
  if (basedOn !== undefined && configVersionOf(config) !== basedOn) throw new TenantConfigConflictError(tenantId);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
