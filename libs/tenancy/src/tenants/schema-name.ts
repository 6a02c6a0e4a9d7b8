import { createHash, randomBytes } from 'node:crypto';

// PostgreSQL cuts an identifier after 63 bytes without an error, so two longer names would be one schema. ASCII only:
// then characters are bytes, and no two names fold to one.
const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;
const RESERVED = /^(?:public|information_schema|pg_.*)$/;

/** Whether a name can be a tenant's schema: ASCII, at most 63 bytes, and none that PostgreSQL keeps for itself. */
export function isTenantSchemaName(name: unknown): name is string {
  return typeof name === 'string' && SCHEMA_NAME.test(name) && !RESERVED.test(name);
}

/**
 * The schema name that a registry gives a new tenant: `t_` and the id where the id alone is already unique as an
 * identifier, otherwise a shortened id and a hash of the whole one.
 *
 * @example generateSchemaName('acme') // 't_acme'
 * @example generateSchemaName('acme-eu') // 't_acme_eu_' and ten hexadecimal digits
 */
export function generateSchemaName(tenantId: string): string {
  // An id that ends as if in a hash gets one itself: it would be the name of the tenant whose hash that is.
  if (/^[a-z0-9_]{1,48}$/.test(tenantId) && !/_[0-9a-f]{10}$/.test(tenantId)) return `t_${tenantId}`;
  return withEnding(tenantId, createHash('sha256').update(tenantId).digest('hex').slice(0, 10));
}

/** A schema name for a tenant whose id had another one before, which is gone. */
export function anotherSchemaName(tenantId: string): string {
  return withEnding(tenantId, randomBytes(5).toString('hex'));
}

function withEnding(tenantId: string, ending: string): string {
  const readable = tenantId
    .toLowerCase()
    .replace(/[^a-z0-9_]/g, '_')
    .slice(0, 48);
  return `t_${readable}_${ending}`;
}

/** A name for a schema that is made before anybody knows whose it will be. */
export function randomSchemaName(): string {
  return `t_${randomBytes(10).toString('hex')}`;
}
