import { createHash } from 'node:crypto';

// PostgreSQL cuts a name after 63 bytes without an error, so two longer names would be one role.
const MAX_BYTES = 63;

/**
 * The database role of a tenant's own. A role belongs to all databases of a server, a schema to one: so both are in its
 * name. Where they are too long for one, it is cut and ends with a hash of both; a `~` is in no other name.
 *
 * @example tenantRoleName('t_acme', 'shop') // 't_acme@shop'
 */
export function tenantRoleName(schema: string, database: string): string {
  const whole = `${schema}@${database}`;
  if (Buffer.byteLength(whole) <= MAX_BYTES) return whole;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, 32);
  return `${schema.slice(0, MAX_BYTES - hash.length - 1)}~${hash}`;
}

/** What a schema that was made for a tenant is marked with, as its comment. */
export function tenantSchemaMark(tenantId: string): string {
  return `tenant ${tenantId}`;
}

/** The id in the mark of a schema; `undefined` where it was made for no tenant. */
export function tenantIdOfMark(mark: string | null): string | undefined {
  const prefix = tenantSchemaMark('');
  return mark?.startsWith(prefix) ? mark.slice(prefix.length) : undefined;
}

/** The same for a role. */
export function tenantRoleMark(tenantId: string, database: string): string {
  return `${tenantSchemaMark(tenantId)} of database ${database}`;
}
