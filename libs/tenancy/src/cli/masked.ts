import { looksSealed } from '../config/secrets/sealed-secrets.js';
import { SECRET_PLACEHOLDER } from '../config/secrets/secret.js';
import type { TenantConfigOptions } from '../config/tenant-config-options.js';
import { isRecord } from '../tenants/tenant.js';

const NAMED_LIKE_ONE =
  /pass(?:word|wd|phrase)?|secret|token|credential|private|api[-_.]?key|auth|cookie|session|salt|pin$/i;

/** What is stored for a tenant, without secrets: those that are declared or encrypted, and whatever is named like one. */
export function masked(values: Readonly<Record<string, unknown>>, options?: TenantConfigOptions): object {
  const entries = Object.entries(values).map(([key, value]) => [
    key,
    options?.keys?.[key]?.secret || NAMED_LIKE_ONE.test(key) ? SECRET_PLACEHOLDER : within(value),
  ]);
  return Object.fromEntries(entries) as object;
}

function within(value: unknown): unknown {
  if (looksSealed(value)) return SECRET_PLACEHOLDER;
  if (Array.isArray(value)) return value.map(within);
  return isRecord(value) ? masked(value) : value;
}
