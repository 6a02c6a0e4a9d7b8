import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeTenantStore } from '../../../../test/support/describe-tenant-store.js';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import type { TenantInit } from './tenant.js';
import { defineTenant } from './tenant.js';
import { TypeOrmTenantStore } from './typeorm-tenant-store.js';

const database = useTestDatabase();
let dataSource: DataSource;

beforeAll(async () => {
  await database.query(`CREATE SCHEMA registry`);
  for (const table of ['public.tenants', 'registry.customers']) {
    await database.query(`
      CREATE TABLE ${table} (
        id text PRIMARY KEY, name text NOT NULL, schema text NOT NULL UNIQUE, status text NOT NULL,
        domains text[] NOT NULL, plan text NOT NULL, config jsonb NOT NULL, database text, metadata jsonb NOT NULL
      )`);
  }
  dataSource = await new DataSource({ type: 'postgres', url: database.url, installExtensions: false }).initialize();
});
afterAll(() => dataSource.destroy());

async function insert(table: string, tenants: readonly TenantInit[]): Promise<void> {
  await database.query(`TRUNCATE ${table}`);
  for (const tenant of tenants.map((init) => defineTenant(init))) {
    await database.query(`INSERT INTO ${table} VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, [
      tenant.id,
      tenant.name,
      tenant.schema,
      tenant.status,
      tenant.domains,
      tenant.plan,
      JSON.stringify(tenant.config),
      tenant.database ?? null,
      JSON.stringify(tenant.metadata),
    ]);
  }
}

describeTenantStore('TypeOrmTenantStore', async (tenants) => {
  await insert('public.tenants', tenants);
  return new TypeOrmTenantStore(dataSource);
});

describe('a registry', () => {
  it('may be another table of another schema', async () => {
    await insert('public.tenants', [{ id: 'acme', schema: 't_acme' }]);
    await insert('registry.customers', [{ id: 'globex', schema: 't_globex' }]);
    const store = new TypeOrmTenantStore(dataSource, { schema: 'registry', table: 'customers' });

    expect((await store.list({ limit: 10, offset: 0 })).tenants.map(({ id }) => id)).toEqual(['globex']);
    await store.updateConfig('globex', { a: 1 });
    expect((await store.findById('globex'))?.config).toEqual({ a: 1 });
  });

  it.each(['tenants; DROP TABLE tenants', 'Tenants', '"tenants"', '', 'public.tenants', 'a'.repeat(64)])(
    'has a name that needs no care: "%s" is refused',
    (table) => {
      expect(() => new TypeOrmTenantStore(dataSource, { table })).toThrow(TenancyOptionsError);
    },
  );

  it('that holds a schema which is none hands out no such tenant', async () => {
    await insert('public.tenants', [{ id: 'acme', schema: 't_acme' }]);
    await database.query(`UPDATE tenants SET schema = 't_acme", "t_globex'`);

    await expect(new TypeOrmTenantStore(dataSource).findById('acme')).rejects.toThrow(TenancyOptionsError);
  });

  it('finds a domain by an index on the domains', async () => {
    await insert('public.tenants', [{ id: 'acme', schema: 't_acme', domains: ['acme.test'] }]);
    await database.query('CREATE INDEX domains_of_tenants ON public.tenants USING gin (domains)');
    const plans: string[] = [];
    const explaining = {
      transaction: dataSource.transaction.bind(dataSource),
      query: async (sql: string, parameters: unknown[]) => {
        await dataSource.transaction(async (manager) => {
          // A table of one row is read whole otherwise.
          await manager.query('SET LOCAL enable_seqscan = off');
          plans.push(JSON.stringify(await manager.query(`EXPLAIN ${sql}`, parameters)));
        });
        return dataSource.query(sql, parameters);
      },
    };

    const found = await new TypeOrmTenantStore(explaining as never).findByDomain('acme.test');

    expect(found?.id).toBe('acme');
    expect(plans.join()).toContain('domains_of_tenants');
  });
});
