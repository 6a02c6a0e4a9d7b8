import { describe, expect, it } from 'vitest';
import { defineTenant } from '../tenants/tenant.js';
import { TenantSettings } from './tenant-settings.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex', database: 'eu' });

describe('what a transaction is told', () => {
  it('is nothing more where nothing is asked for', () => {
    expect(new TenantSettings({}).of(acme)).toEqual([]);
    expect(new TenantSettings({ isolation: 'schema' }).of(undefined)).toEqual([]);
  });

  it('has the same names for each tenant and for the system, which is left as it is', () => {
    const settings = new TenantSettings({
      isolation: 'role',
      statementTimeout: ({ id }) => (id === 'acme' ? 50 : undefined),
    });
    settings.learn('default', 'shop');
    settings.learn('eu', 'shop_eu');
    expect(settings.of(acme)).toEqual([
      ['role', 't_acme@shop'],
      ['statement_timeout', '50'],
    ]);
    expect(settings.of(globex)).toEqual([
      ['role', 't_globex@shop_eu'],
      ['statement_timeout', null],
    ]);
    expect(settings.of(undefined)).toEqual([
      ['role', null],
      ['statement_timeout', null],
    ]);
  });

  it('is no role that is not known for certain', () => {
    expect(() => new TenantSettings({ isolation: 'role' }).of(acme)).toThrow('from initialize() on');
  });

  it('is no isolation that is not there', () => {
    expect(() => new TenantSettings({ isolation: 'rows' as never })).toThrow('it must be "schema" or "role"');
  });
});
