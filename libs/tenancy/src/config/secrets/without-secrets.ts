import type { TenantConfigKey } from '../tenant-config-options.js';

/**
 * The settings that may be shown, and the keys of those that are left out: what is declared a secret, or looks like one that
 * was encrypted. Not even as it is stored: whoever has the key some day could read it.
 */
export function withoutSecrets(
  config: Readonly<Record<string, unknown>>,
  keys: Readonly<Record<string, TenantConfigKey>> = {},
): { readonly config: Readonly<Record<string, unknown>>; readonly withheld: readonly string[] } {
  const isSecret = ([key, value]: readonly [string, unknown]): boolean =>
    (Object.hasOwn(keys, key) && keys[key].secret === true) || JSON.stringify(value)?.includes('"sealed:');
  const entries = Object.entries(config);
  return {
    config: Object.fromEntries(entries.filter((entry) => !isSecret(entry))),
    withheld: entries.filter(isSecret).map(([key]) => key),
  };
}
