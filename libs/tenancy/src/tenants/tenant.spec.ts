import { describe, expect, it } from 'vitest';
import { TenancyOptionsError } from '../tenancy.errors.js';
import type { TenantInit } from './tenant.js';
import { defineTenant } from './tenant.js';

describe('a tenant', () => {
  it('is complete with an id and a schema', () => {
    expect(defineTenant({ id: 'acme', schema: 't_acme' })).toEqual({
      id: 'acme',
      name: 'acme',
      schema: 't_acme',
      status: 'active',
      domains: [],
      plan: 'default',
      config: {},
      metadata: {},
    });
  });

  it('keeps what else is given, and nothing that a tenant has not', () => {
    const init = {
      id: 'acme',
      name: 'Acme Inc.',
      schema: 't_acme',
      status: 'suspended',
      domains: ['mail.acme.test'],
      plan: 'gold',
      config: { 'email.from': 'a@acme.test' },
      database: 'eu',
      metadata: { since: 2024 },
    } as const;

    expect(defineTenant({ ...init, secret: 'x' } as TenantInit)).toEqual(init);
  });

  it('is a copy that nobody can change, at any depth', () => {
    const init = {
      id: 'acme',
      schema: 't_acme',
      domains: ['a.test'],
      config: { list: [{ n: 1 }] },
      metadata: { a: {} },
    };
    const tenant = defineTenant(init);
    init.schema = 't_globex';
    init.config.list[0].n = 2;

    expect(tenant).toMatchObject({ schema: 't_acme', config: { list: [{ n: 1 }] } });
    for (const part of [
      tenant,
      tenant.domains,
      tenant.config,
      tenant.config.list,
      tenant.metadata,
      tenant.metadata.a,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });

  it('is the same when it is defined again', () => {
    const tenant = defineTenant({ id: 'acme', schema: 't_acme' });

    expect(defineTenant(tenant)).toBe(tenant);
  });

  it('is not believed to be one because it is frozen', () => {
    const forged = Object.freeze({ id: 'acme', schema: 'public' });

    expect(() => defineTenant(forged)).toThrow(TenancyOptionsError);
  });

  it('has its domains as hosts are compared, each once', () => {
    const domains = ['Shop.Acme.Example', 'shop.acme.example.', 'shop.acme.example:443', 'acme.test'];
    const tenant = defineTenant({ id: 'acme', schema: 't_acme', domains });

    expect(tenant.domains).toEqual(['shop.acme.example', 'acme.test']);
    expect(Object.isFrozen(tenant.domains)).toBe(true);
  });

  it('can be used whatever else stands among its domains: no host is equal to that', () => {
    const odd = ['b\u00FCcher.example', '*.acme.test', '127.0.0.1', 'https://acme.test/', '', 'localhost'];

    expect(defineTenant({ id: 'acme', schema: 't_acme', domains: odd }).domains).toEqual(odd);
  });

  it('has no database where the registry says null', () => {
    expect(defineTenant({ id: 'acme', schema: 't_acme', database: null as never })).not.toHaveProperty('database');
  });
});

describe('what is no tenant', () => {
  const fine = { id: 'acme', schema: 't_acme' };

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['an id alone', 'acme'],
    ['a list', []],
    ['no id', { schema: 't_acme' }],
    ['an empty id', { ...fine, id: '' }],
    ['an id that is no string', { ...fine, id: 7 }],
    ['no schema', { id: 'acme' }],
    ['a schema that PostgreSQL keeps', { ...fine, schema: 'pg_temp' }],
    ['the schema of the system', { ...fine, schema: 'public' }],
    ['two schemas', { ...fine, schema: 't_acme, t_globex' }],
    ['a quoted schema', { ...fine, schema: '"t_acme"' }],
    ['a schema with a line break', { ...fine, schema: 't_acme\n' }],
    ['a status that there is not', { ...fine, status: 'ACTIVE' }],
    ['a name that is no string', { ...fine, name: {} }],
    ['a plan that is no string', { ...fine, plan: 1 }],
    ['domains that are a string', { ...fine, domains: 'acme.test' }],
    ['domains that are not strings', { ...fine, domains: [1] }],
    ['a config that is a list', { ...fine, config: [] }],
    ['a config that is a string', { ...fine, config: 'x' }],
    ['a config that JSON cannot hold', { ...fine, config: { at: new Date() } }],
    ['metadata that is a number', { ...fine, metadata: 1 }],
    ['a database that is no string', { ...fine, database: {} }],
  ])('is refused: %s', (_what, init) => {
    expect(() => defineTenant(init as never)).toThrow(TenancyOptionsError);
  });

  it('is named with the way out', () => {
    expect(() => defineTenant({ id: 'acme', schema: 'Acme' })).toThrow(
      `Tenant "acme": "Acme" is not a name for a tenant's schema; generate one with generateSchemaName().`,
    );
  });
});
