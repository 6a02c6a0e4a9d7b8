import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { isRecord } from '../tenants/tenant.js';
import { isReserved } from './setting-limits.js';
import type { TenantConfigKey, TenantConfigOptions } from './tenant-config-options.js';

/** Which settings there are, which of them a tenant may set, and which are secret. */
export class SettingKeys {
  /** `undefined` where nobody says: then all that a tenant has are settings. */
  private readonly declared: ReadonlyMap<string, TenantConfigKey> | undefined;

  constructor({ keys, schema }: Pick<TenantConfigOptions, 'keys' | 'schema'>) {
    this.declared = keys ? declarationsOf(keys) : keysOfSchema(schema);
  }

  isDeclared(key: string): boolean {
    return this.declared?.has(key) ?? true;
  }

  /** Whether it is named as a setting, and not merely taken for one. */
  isListed(key: string): boolean {
    return this.declared?.has(key) ?? false;
  }

  isOverridable(key: string): boolean {
    return this.isDeclared(key) && this.declared?.get(key)?.overridable !== false;
  }

  isSecret(key: string): boolean {
    return this.declared?.get(key)?.secret === true;
  }

  get hasSecrets(): boolean {
    return [...(this.declared?.values() ?? [])].some(({ secret }) => secret);
  }

  /** All settings; where they are not declared, those of the records. */
  names(...records: ReadonlyArray<Readonly<Record<string, unknown>>>): string[] {
    return [...new Set(this.declared?.keys() ?? records.flatMap((record) => Object.keys(record)))];
  }
}

function declarationsOf(keys: Readonly<Record<string, TenantConfigKey>>): ReadonlyMap<string, TenantConfigKey> {
  for (const [key, declaration] of Object.entries(keys)) {
    if (key === '' || isReserved(key)) throw new TenancyOptionsError(`config.keys: "${key}" cannot be a setting.`);
    // A misspelt `secret` would be a password in plain text.
    const wrong = isRecord(declaration)
      ? Object.entries(declaration).find(
          ([name, value]) =>
            !['overridable', 'secret'].includes(name) || !['boolean', 'undefined'].includes(typeof value),
        )?.[0]
      : key;
    if (wrong === undefined) continue;
    throw new TenancyOptionsError(
      `config.keys: ${key} is declared with { overridable?: boolean, secret?: boolean }; ${wrong} is something else.`,
    );
  }
  return new Map(Object.entries(keys));
}

/** The properties that a schema lists, where it can say so and takes no others. */
function keysOfSchema(schema: StandardSchemaV1 | undefined): ReadonlyMap<string, TenantConfigKey> | undefined {
  const { jsonSchema } = (schema?.['~standard'] ?? {}) as Partial<StandardJSONSchemaV1.Props>;
  try {
    const described = jsonSchema?.input({ target: 'draft-2020-12', libraryOptions: { unrepresentable: 'any' } });
    if (!isRecord(described?.properties) || described.additionalProperties) return undefined;
    return new Map(Object.keys(described.properties).map((key) => [key, {}]));
  } catch {
    // It has parts that JSON Schema cannot describe.
    return undefined;
  }
}
