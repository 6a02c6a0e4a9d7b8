import { describe, expect, it } from 'vitest';
import { tenantRoleName } from './tenant-role.js';

describe('the role of a tenant', () => {
  it('is named after its schema and its database', () => {
    expect(tenantRoleName('t_acme', 'shop')).toBe('t_acme@shop');
    expect(tenantRoleName('t_acme', 'shop@"home"')).toBe('t_acme@shop@"home"');
  });

  it('is another one in another database, and for another schema', () => {
    const schemas = ['t_acme', 't_globex', 't'.repeat(63), `${'t'.repeat(62)}u`];
    const databases = ['shop', 'shop2', 'd'.repeat(63), `${'d'.repeat(62)}e`, 'ü'.repeat(31), `${'ü'.repeat(30)}ö`];
    const names = schemas.flatMap((schema) => databases.map((database) => tenantRoleName(schema, database)));
    expect(new Set(names).size).toBe(schemas.length * databases.length);
  });

  it('never has more than the 63 bytes that PostgreSQL keeps', () => {
    expect(tenantRoleName('t'.repeat(30), 'd'.repeat(32))).toBe(`${'t'.repeat(30)}@${'d'.repeat(32)}`);
    for (const database of ['d'.repeat(33), 'ü'.repeat(17)]) {
      const name = tenantRoleName('t'.repeat(30), database);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
      expect(name).toMatch(/^t{30}~[0-9a-f]{32}$/);
    }
  });
});
