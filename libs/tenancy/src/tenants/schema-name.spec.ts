import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TENANT_ID_PATTERN } from './tenant-id.js';
import { generateSchemaName, isTenantSchemaName } from './schema-name.js';

const tenantId = fc.stringMatching(DEFAULT_TENANT_ID_PATTERN);

describe('the schema of a new tenant', () => {
  it.each([
    ['acme', 't_acme'],
    ['acme_eu', 't_acme_eu'],
    ['7', 't_7'],
    ['a'.repeat(48), `t_${'a'.repeat(48)}`],
  ])('is readable: %s', (id, name) => {
    expect(generateSchemaName(id)).toBe(name);
  });

  it.each(['acme-eu', 'a'.repeat(49), 'Acme', 'acmé', ''])('has a hash where the id alone is no name: %s', (id) => {
    expect(generateSchemaName(id)).toMatch(/^t_[a-z0-9_]{0,48}_[0-9a-f]{10}$/);
  });

  it('is a name that PostgreSQL keeps whole, of every id', () => {
    fc.assert(
      fc.property(fc.oneof(tenantId, fc.string()), (id) => {
        const name = generateSchemaName(id);
        return isTenantSchemaName(name) && Buffer.byteLength(name) <= 63 && name.startsWith('t_');
      }),
    );
  });

  it('is another for every other id', () => {
    fc.assert(fc.property(tenantId, tenantId, (a, b) => a === b || generateSchemaName(a) !== generateSchemaName(b)));
  });

  it.each([
    ['acme-eu', 'acme_eu'],
    ['a-b_c', 'a_b-c'],
    [`${'a'.repeat(60)}1`, `${'a'.repeat(60)}2`],
    ['Acme', 'acme'],
  ])('tells apart what would fold or be cut to one: %s, %s', (a, b) => {
    expect(generateSchemaName(a)).not.toBe(generateSchemaName(b));
  });

  it('is none that an id was made for to meet', () => {
    const isTaken = (id: string) => {
      const forged = generateSchemaName(id).slice('t_'.length);
      return forged !== id && generateSchemaName(forged) === generateSchemaName(id);
    };

    fc.assert(
      fc.property(tenantId, (id) => !isTaken(id)),
      { examples: [['acme-eu'], [`${'a'.repeat(36)}-b`]] },
    );
  });

  it('is the same for the same id, always', () => {
    expect(generateSchemaName('acme-eu')).toBe('t_acme_eu_1c5adebcd1');
  });
});

describe('the name of a tenant’s schema', () => {
  it.each(['t_acme', 'a', '_a', 'a'.repeat(63)])('may be %s', (name) => {
    expect(isTenantSchemaName(name)).toBe(true);
  });

  it.each([
    '',
    'public',
    'information_schema',
    'pg_temp',
    'pg_catalog',
    'pg_toast',
    'Acme',
    '1acme',
    't_acme,t_globex',
    't_acme"',
    '"$user"',
    't acme',
    't_acme\n',
    't-acme',
    't_acmé',
    'a'.repeat(64),
    undefined,
    null,
    ['t_acme'],
  ])('is not %o', (name) => {
    expect(isTenantSchemaName(name)).toBe(false);
  });
});
