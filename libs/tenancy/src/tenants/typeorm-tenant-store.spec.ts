import pg from 'pg';
import { DataSource } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { describeTenantStore } from '../../../../test/support/describe-tenant-store.js';
import { hasPgBouncer, startPgBouncer } from '../../../../test/support/pgbouncer.js';
import { registryTableSql } from '../../../../test/support/registry-table.js';
import { openServerLink } from '../../../../test/support/server-link.js';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import type { TenantInit } from './tenant.js';
import type { TenantWatch } from './tenant-store.js';
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
  await database.query(`TRUNCATE ${table} CASCADE`);
  for (const tenant of tenants.map((init) => defineTenant(init))) {
    await database.query(
      `INSERT INTO ${table} (id, name, schema, status, domains, plan, config, database, metadata) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        tenant.id,
        tenant.name,
        tenant.schema,
        tenant.status,
        tenant.domains,
        tenant.plan,
        JSON.stringify(tenant.config),
        tenant.database ?? null,
        JSON.stringify(tenant.metadata),
      ],
    );
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

  it('that has a domain in another spelling hands it out as hosts are compared', async () => {
    await insert('public.tenants', [{ id: 'acme', schema: 't_acme' }]);
    await database.query(`UPDATE public.tenants SET domains = '{Shop.Acme.Test}'`);

    expect((await new TypeOrmTenantStore(dataSource).findById('acme'))?.domains).toEqual(['shop.acme.test']);
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

describe('a table with the trigger of the README', () => {
  let heard: string[];
  let watch: TenantWatch | undefined;
  beforeAll(async () => {
    await database.query('DROP TABLE public.tenants');
    await database.query(await registryTableSql());
    await insert('public.tenants', [{ id: 'acme', schema: 't_acme' }]);
  });
  beforeEach(() => {
    heard = [];
  });
  afterEach(() => watch?.close());

  function listen(store: TypeOrmTenantStore): void {
    watch = store.watch({
      changed: (id) => heard.push(id),
      resumed: () => heard.push('resumed'),
      lost: (reason) => heard.push(`lost: ${reason.message}`),
    });
  }

  it('tells of every change when it is stored, and of none that is taken back', async () => {
    listen(new TypeOrmTenantStore(dataSource));
    await vi.waitFor(() => expect(heard).toEqual(['resumed']));
    await dataSource
      .transaction(async (manager) => {
        await manager.query(`UPDATE tenants SET plan = 'gold' WHERE id = 'acme'`);
        throw new Error('taken back');
      })
      .catch(() => undefined);
    await database.query(
      `INSERT INTO tenants (id, name, schema, status) VALUES ('globex', 'Globex', 't_globex', 'active')`,
    );
    await new TypeOrmTenantStore(dataSource).updateConfig('acme', { a: 1 });
    await database.query(`DELETE FROM tenants WHERE id = 'globex'`);

    await vi.waitFor(() => expect(heard).toEqual(['resumed', 'globex', 'acme', 'globex']));
  });

  it('is listened to again after its server ended the connection, or went away for a while', async () => {
    const link = await openServerLink(database.url);
    try {
      listen(new TypeOrmTenantStore(dataSource, { watch: link.url }));
      await vi.waitFor(() => expect(heard).toEqual(['resumed']));
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE datname = current_database() AND query = 'LISTEN nestjs_tenancy_changes'`,
      );
      await vi.waitFor(() => expect(heard).toEqual(['resumed', expect.stringMatching(/^lost/), 'resumed']));
      await link.cut();
      await vi.waitFor(() => expect(heard.filter((what) => what.startsWith('lost')).length).toBeGreaterThan(2), 5_000);
      await link.restore();
      await vi.waitFor(() => expect(heard.at(-1)).toBe('resumed'), 10_000);
      await database.query(`UPDATE tenants SET plan = 'gold' WHERE id = 'acme'`);
      await vi.waitFor(() => expect(heard.at(-1)).toBe('acme'));
    } finally {
      await watch?.close();
      await link.close();
    }
  });

  it.skipIf(!hasPgBouncer)('is not listened to behind a transaction pooler, which leaves no trace there', async () => {
    const pooler = await startPgBouncer(database.appUrl, 1);
    try {
      listen(new TypeOrmTenantStore(dataSource, { watch: pooler.url }));
      await vi.waitFor(() => expect(heard).toEqual([expect.stringMatching(/behind a pooler/)]));
      await watch?.close();
      const client = new pg.Client(pooler.url);
      await client.connect();
      expect((await client.query('SELECT pg_listening_channels()')).rows).toEqual([]);
      await client.end();
    } finally {
      await pooler.stop();
    }
  });

  it('is not listened to where nobody knows its address', async () => {
    const { query, transaction } = dataSource;
    listen(new TypeOrmTenantStore({ query: query.bind(dataSource), transaction: transaction.bind(dataSource) }));

    await vi.waitFor(() => expect(heard).toEqual([expect.stringMatching(/give it `watch`/)]));
  });
});
