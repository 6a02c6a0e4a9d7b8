import type { StandardSchemaV1 } from '@standard-schema/spec';
import { TenancyOptionsError } from '../tenancy.errors.js';
import type { SettingIssue } from './setting-fault.js';
import { valueOf } from './setting-layers.js';

type Values = Record<string, unknown>;

/** What a schema makes of settings, or what it has against them, without the value of a secret. */
export function validateSettings(
  schema: StandardSchemaV1,
  values: Values,
  isSecret: (key: string) => boolean,
): { readonly valid: Values } | { readonly issues: readonly SettingIssue[] } {
  const result = runSchema(schema, values);
  if (!result.issues) return { valid: result.value as Values };
  const secrets = Object.keys(values)
    .filter(isSecret)
    .flatMap((key) => formsOf(valueOf(values, key)));
  return {
    issues: result.issues.map(({ path = [], message }) => {
      const parts = path.map((part) => String(typeof part === 'object' ? part.key : part));
      // What a schema says of a value often quotes it.
      if (parts[0] !== undefined && isSecret(parts[0])) return { key: parts[0], message: 'Is not valid.' };
      const said = `${parts.join('.')} ${message}`.toLowerCase();
      const tells = secrets.some((secret) => said.includes(secret));
      return tells ? { key: parts[0] ?? '', message: 'Is not valid.' } : { key: parts.join('.'), message };
    }),
  };
}

function runSchema(schema: StandardSchemaV1, values: Values): StandardSchemaV1.Result<unknown> {
  let result: ReturnType<StandardSchemaV1['~standard']['validate']>;
  try {
    result = schema['~standard'].validate(values);
  } catch {
    // Whatever it threw may quote a secret.
    return { issues: [{ message: 'The schema failed.' }] };
  }
  if (!(result instanceof Promise)) return result;
  result.catch(() => undefined);
  // Zod also answers with one where a part of the schema has thrown.
  throw new TenancyOptionsError(
    'config.schema answers with a promise, and settings are read without waiting. Let no part of it be async, or throw.',
  );
}

/** Each text and number in a secret, as a message may quote it: as it is, trimmed, or as JSON has it. */
function formsOf(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(formsOf);
  if (typeof value !== 'string' && typeof value !== 'number') return [];
  const text = String(value).toLowerCase();
  return [text.trim(), JSON.stringify(text.trim()).slice(1, -1)].filter((form) => form !== '');
}
