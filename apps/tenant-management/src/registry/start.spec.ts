import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import type { Registry } from '../testing/running-registry.js';
import { startRegistry, statusesOf, tenantSchemas } from '../testing/running-registry.js';

const database = useTestDatabase();
let running: Registry[] = [];

async function start(env: Record<string, string> = {}): Promise<Registry> {
  const registry = await startRegistry(database, env);
  running.push(registry);
  return registry;
}

beforeEach(async () => {
  await database.query(`GRANT USAGE, CREATE ON SCHEMA public TO ${database.appRole}`);
});

afterEach(async () => {
  await Promise.all(running.map(({ app }) => app.close()));
  running = [];
});

describe('the start of the service', () => {
  it('makes the registry’s tables, once, however many instances start at once', async () => {
    await Promise.all([start(), start(), start(), start()]);
    expect(await database.query('SELECT name FROM public.registry_migrations')).toEqual([
      { name: 'CreateRegistry1760000000000' },
      { name: 'IndexDomains1760000000001' },
      { name: 'LifecycleOfTenants1760000000002' },
      { name: 'CanonicalDomains1760000000003' },
    ]);
    // Whatever is a tenant's is not made for the system.
    const tables = await database.query(`SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`);
    expect(tables.map(({ tablename }) => tablename)).toEqual([
      'registry_migrations',
      'tenant_audit',
      'tenant_domains',
      'tenants',
    ]);
  });

  it('finds the tenants of the last run', async () => {
    const [first] = [await start()];
    await first.call('POST', '/tenants', { id: 'acme' });
    await first.app.close();
    running = [];
    expect((await (await start()).call('GET', '/tenants/acme')).body.status).toBe('active');
  });

  it('leaves a domain that somebody stored in another spelling, and its tenant works', async () => {
    const first = await start();
    await first.call('POST', '/tenants', { id: 'initech' });
    await first.app.close();
    running = [];
    await database.query('ALTER TABLE public.tenant_domains DROP CONSTRAINT tenant_domains_canonical');
    await database.query(`DELETE FROM public.registry_migrations WHERE name = 'CanonicalDomains1760000000003'`);
    await database.query(`UPDATE public.tenants SET domains = '{Initech.com}' WHERE id = 'initech'`);

    const { call } = await start();
    expect((await call('PATCH', '/tenants/initech', { name: 'Initech' })).status).toBe(200);
    expect((await call('GET', '/domains/initech.com')).status).toBe(404);
    expect((await call('PATCH', '/tenants/initech', { domains: ['initech.com'] })).status).toBe(200);
    expect((await call('GET', '/domains/initech.com')).body.id).toBe('initech');
  });

  it('fails where the role may not make tables, and says so', async () => {
    await database.query(`REVOKE CREATE ON SCHEMA public FROM ${database.appRole}`);
    await database.query(
      'DROP TABLE IF EXISTS public.registry_migrations, public.tenant_audit, public.tenant_domains, public.tenants',
    );
    for (const name of ['claim_tenant_domains', 'tell_of_tenant', 'touch_tenant', 'refuse_tenant_audit_change']) {
      await database.query(`DROP FUNCTION IF EXISTS public.${name}()`);
    }
    await expect(start()).rejects.toThrow(/permission denied for schema public/);
    expect(await database.query(`SELECT FROM pg_tables WHERE schemaname = 'public'`)).toEqual([]);
  });

  it('fails where a role that tenants’ tables are granted to is not there', async () => {
    await expect(start({ TENANT_ROLES: `${database.appRole},nobody_of_that_name` })).rejects.toThrow(
      /TENANT_ROLES .*: nobody_of_that_name/,
    );
  });
});

describe('two instances', () => {
  it('make one tenant of one id that both are asked for', async () => {
    const instances = await Promise.all([start(), start()]);
    const answers = await Promise.all(
      [0, 1, 0, 1].map((i) => instances[i].call('POST', '/tenants', { id: 'globex', domains: ['globex.com'] })),
    );
    expect(statusesOf(answers)).toEqual([201, 409, 409, 409]);
    expect((await tenantSchemas(database)).filter((schema) => schema === 't_globex')).toHaveLength(1);
  });
});

describe('a service with the smallest pool', () => {
  it('creates many tenants at once without waiting for itself', async () => {
    const registry = await start({ DATABASE_POOL_SIZE: '2' });
    const ids = Array.from({ length: 10 }, (_, i) => `small-${i}`);
    const answers = await Promise.all(
      ids.flatMap((id) => [registry.call('POST', '/tenants', { id }), registry.call('GET', '/tenants')]),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
  });
});

describe('the roles of the services that use the tenants’ tables', () => {
  it('may read and write them, and nothing of the registry', async () => {
    const role = `${database.appRole}_reader`;
    await database.query(`CREATE ROLE ${role}`);
    try {
      const registry = await start({ TENANT_ROLES: role });
      await registry.call('POST', '/tenants', { id: 'shared' });
      const may = async (table: string, right: string) =>
        (
          await database.query<{ may: boolean }>('SELECT has_table_privilege($1, $2, $3) AS may', [role, table, right])
        )[0].may;
      expect(await may('t_shared.messages', 'INSERT')).toBe(true);
      expect(await may('t_shared.messages', 'TRUNCATE')).toBe(false);
      expect(await may('public.tenants', 'SELECT')).toBe(false);
      await registry.call('DELETE', '/tenants/shared?confirm=shared&erase=true');
    } finally {
      await database.query(`DROP ROLE ${role}`);
    }
  });

  it('that went away meanwhile make a creation fail as a whole, until they are back', async () => {
    const role = `${database.appRole}_gone`;
    await database.query(`CREATE ROLE ${role}`);
    const registry = await start({ TENANT_ROLES: role });
    await database.query(`DROP ROLE ${role}`);
    expect((await registry.call('POST', '/tenants', { id: 'later' })).status).toBe(500);
    expect((await registry.call('GET', '/tenants/later')).status).toBe(404);
    expect(await tenantSchemas(database)).not.toContain('t_later');
    await database.query(`CREATE ROLE ${role}`);
    try {
      expect((await registry.call('POST', '/tenants', { id: 'later' })).status).toBe(201);
      await registry.call('DELETE', '/tenants/later?confirm=later&erase=true');
    } finally {
      await database.query(`DROP ROLE ${role}`);
    }
  });
});
