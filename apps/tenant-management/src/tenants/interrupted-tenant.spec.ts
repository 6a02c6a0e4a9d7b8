import { TenantSchemaService } from 'nestjs-tenancy';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { statusesOf, tenantSchemas, useRegistry } from '../testing/running-registry.js';

const registry = useRegistry();

async function statusOf(id: string): Promise<string | undefined> {
  const rows = await registry.database.query<{ status: string }>('SELECT status FROM public.tenants WHERE id = $1', [
    id,
  ]);
  return rows[0]?.status;
}

/** The server refuses to create indexes, as it would with a full disk: the second half of the migration. */
async function whileMigrationsFail(work: () => Promise<void>): Promise<void> {
  await registry.database.query(`
    CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'no more indexes'; END $$`);
  await registry.database.query(
    `CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION public.refuse()`,
  );
  try {
    await work();
  } finally {
    await registry.database.query('DROP EVENT TRIGGER refuse');
    await registry.database.query('DROP FUNCTION public.refuse()');
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a creation whose migrations fail', () => {
  it('leaves neither a row nor a schema, and tells nothing of the reason', async () => {
    await whileMigrationsFail(async () => {
      const answer = await registry.call('POST', '/tenants', { id: 'acme', domains: ['acme.com'] });
      expect(answer).toMatchObject({ status: 500, body: { code: 'INTERNAL_ERROR' } });
      expect(JSON.stringify(answer.body)).not.toContain('indexes');
    });
    expect(await statusOf('acme')).toBeUndefined();
    expect(await tenantSchemas(registry.database)).not.toContain('t_acme');
  });

  it('can be repeated', async () => {
    const answer = await registry.call('POST', '/tenants', { id: 'acme', domains: ['acme.com'] });
    expect(answer).toMatchObject({ status: 201, body: { status: 'active', domains: ['acme.com'] } });
  });
});

describe('a creation that ended between the schema and the activation', () => {
  // What a process that is killed there leaves behind.
  async function killed(id: string): Promise<void> {
    await registry.call('POST', '/tenants', { id, name: 'Before', domains: [`${id}.com`] });
    await registry.database.query(`UPDATE public.tenants SET status = 'provisioning' WHERE id = $1`, [id]);
  }

  it('is finished by repeating it, with what the repeated request says', async () => {
    await killed('globex');
    const again = { id: 'globex', name: 'After', domains: ['globex.org'] };
    expect(await registry.call('POST', '/tenants', again)).toMatchObject({
      status: 201,
      body: { status: 'active', name: 'After', domains: ['globex.org'] },
    });
    expect(await registry.call('GET', '/domains/globex.com')).toMatchObject({ status: 404 });
    expect(await registry.call('GET', '/domains/globex.org')).toMatchObject({ status: 200, body: { id: 'globex' } });
  });

  it('shows the tenant as provisioning, and takes no changes of it', async () => {
    await killed('initech');
    expect((await registry.call('GET', '/tenants/initech')).body.status).toBe('provisioning');
    for (const [path, change] of [
      ['/tenants/initech', { status: 'active' }],
      ['/tenants/initech', { name: 'Other' }],
      ['/tenants/initech/config', { a: 1 }],
    ] as const) {
      const answer = await registry.call('PATCH', path, change);
      expect(answer).toMatchObject({ status: 409, body: { code: 'TENANT_NOT_READY' } });
    }
  });

  it('can be deleted instead', async () => {
    await killed('hooli');
    expect((await registry.call('DELETE', '/tenants/hooli?confirm=hooli')).status).toBe(204);
    expect(await tenantSchemas(registry.database)).not.toContain('t_hooli');
  });

  it('is finished by one of several that repeat it at once', async () => {
    await killed('umbrella');
    const answers = await Promise.all([1, 2, 3].map(() => registry.call('POST', '/tenants', { id: 'umbrella' })));
    expect(statusesOf(answers)).toEqual([201, 409, 409]);
    expect(await statusOf('umbrella')).toBe('active');
  });
});

describe('a schema of that name that is not the tenant’s', () => {
  it('is refused, left alone, and no row is left', async () => {
    await registry.database.query('CREATE SCHEMA t_foreign');
    await registry.database.query('CREATE TABLE t_foreign.secrets ()');
    const answer = await registry.call('POST', '/tenants', { id: 'foreign' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'SCHEMA_TAKEN' } });
    expect(answer.body.detail).toContain('t_foreign');
    expect(await statusOf('foreign')).toBeUndefined();
    expect(await registry.database.query(`SELECT FROM pg_tables WHERE schemaname = 't_foreign'`)).toHaveLength(1);
  });

  it('is refused even where it was made for a tenant of that id: its data would be inherited', async () => {
    await registry.call('POST', '/tenants', { id: 'orphan' });
    await registry.database.query(`DELETE FROM public.tenants WHERE id = 'orphan'`);
    const answer = await registry.call('POST', '/tenants', { id: 'orphan' });
    expect(answer).toMatchObject({ status: 409, body: { code: 'SCHEMA_TAKEN' } });
    expect(await tenantSchemas(registry.database)).toContain('t_orphan');
  });

  it('is left alone where it appears in the middle of the creation', async () => {
    const schemas = registry.app.get(TenantSchemaService);
    vi.spyOn(schemas, 'create').mockImplementationOnce(async (tenant) => {
      await registry.database.query(`CREATE SCHEMA ${tenant.schema}`);
      return schemas.create(tenant);
    });
    expect(await registry.call('POST', '/tenants', { id: 'late' })).toMatchObject({
      status: 409,
      body: { code: 'SCHEMA_TAKEN' },
    });
    expect(await statusOf('late')).toBeUndefined();
    expect(await tenantSchemas(registry.database)).toContain('t_late');
  });
});

describe('a schema name that another tenant has in the registry', () => {
  it('is refused before anything is made', async () => {
    await registry.database.query(
      `INSERT INTO public.tenants (id, name, schema, status) VALUES ('elder', 'Elder', 't_younger', 'active')`,
    );
    expect(await registry.call('POST', '/tenants', { id: 'younger' })).toMatchObject({
      status: 409,
      body: { code: 'SCHEMA_TAKEN' },
    });
    expect(await statusOf('younger')).toBeUndefined();
    expect(await tenantSchemas(registry.database)).not.toContain('t_younger');
  });
});
