import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tenancy, tenancyJson } from '../../../../test/support/tenancy-command.js';
import { useTestDatabase } from '../../../../test/support/test-database.js';

const database = useTestDatabase();
const tenants = [
  { id: 'acme', schema: 't_acme', name: 'Acme Corporation', plan: 'gold' },
  { id: 'globex', schema: 't_globex', status: 'suspended' },
];
let app: Record<string, string>;

beforeAll(() => {
  app = { DATABASE_URL: database.appUrl, TENANTS: JSON.stringify(tenants), MIGRATIONS: '2' };
});

/** Schemas as the module makes them, at their first migration or at all of them. */
async function makeSchemas(migrations = 2): Promise<void> {
  for (const { id, schema } of tenants) {
    await database.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await database.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${database.appRole}`);
    await database.query(`COMMENT ON SCHEMA ${schema} IS 'tenant ${id}'`);
  }
  expect(await tenancy(['migrate', '-q'], { ...app, MIGRATIONS: String(migrations) })).toMatchObject({ exitCode: 0 });
}

describe('tenancy tenants list', () => {
  it('lists the tenants that the registry knows', async () => {
    expect(await tenancy(['tenants', 'list'], app)).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        'ID      STATUS     PLAN     SERVER   SCHEMA    NAME',
        'acme    active     gold     default  t_acme    Acme Corporation',
        'globex  suspended  default  default  t_globex  globex',
        '2 tenants',
        '',
      ].join('\n'),
    });
  });

  it('chooses by status', async () => {
    const { exitCode, document } = await tenancyJson(['tenants', 'list', '--status', 'suspended,archived'], app);

    expect(exitCode).toBe(0);
    expect(document).toEqual({
      tenants: [
        {
          id: 'globex',
          name: 'globex',
          status: 'suspended',
          plan: 'default',
          database: 'default',
          schema: 't_globex',
          domains: [],
        },
      ],
    });
  });

  it('prints nothing that a terminal would obey, whatever a tenant is called', async () => {
    const evil = [{ id: 'acme', schema: 't_acme', name: 'Acme\u001B]0;owned\u0007\u202Etxt' }];
    const { stdout } = await tenancy(['tenants', 'list'], { ...app, TENANTS: JSON.stringify(evil) });

    expect(stdout).toContain('Acme\\u001b]0;owned\\u0007\\u202etxt');
  });
});

describe('tenancy tenants show', () => {
  const secretive = [
    {
      id: 'acme',
      schema: 't_acme',
      config: {
        'email.from': 'hello@acme.test',
        'smtp.login': 'declared-as-secret',
        'crm.password': 'named-like-one',
        limits: { perDay: 10, apiKey: 'deep-inside' },
      },
      metadata: { contract: 7, webhookToken: 'in-metadata' },
    },
  ];

  it('shows what is known of a tenant', async () => {
    const { exitCode, stdout } = await tenancy(['tenants', 'show', 'acme'], app);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('schema    t_acme\n');
    expect(stdout).toContain('name      Acme Corporation\n');
  });

  it.each([['--json'], []])('prints no secret %s', async (...args) => {
    const { stdout, stderr } = await tenancy(['tenants', 'show', 'acme', '--verbose', ...args], {
      ...app,
      TENANTS: JSON.stringify(secretive),
    });

    expect(stdout).toContain('hello@acme.test');
    expect(stdout).toContain('[secret]');
    expect(stdout + stderr).not.toMatch(/declared-as-secret|named-like-one|deep-inside|in-metadata/);
  });

  it('says that there is no such tenant', async () => {
    expect(await tenancy(['tenants', 'show', 'nobody'], app)).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'Error TENANT_NOT_FOUND: There is no tenant "nobody".\n',
    });
  });
});

describe('tenancy status', () => {
  beforeEach(() => makeSchemas());

  it('says at which migration the tenants are', async () => {
    const { exitCode, stdout } = await tenancy(['status'], app);

    expect(exitCode).toBe(0);
    expect(stdout).toBe('2 tenants: 2 current\n  2 at UniqueTitles1760000000001\n');
  });

  it('names those that are not current, and ends with 1', async () => {
    await makeSchemas(1);
    await database.query('DROP SCHEMA t_globex CASCADE');

    const { exitCode, stdout } = await tenancy(['status'], app);
    const { document } = await tenancyJson(['status'], app);

    expect(exitCode).toBe(1);
    expect(stdout).toContain('acme    pending  CreateBooks1760000000000  UniqueTitles1760000000001');
    expect(stdout).toContain('globex  missing');
    expect(document).toMatchObject({
      counts: { pending: 1, missing: 1 },
      tenants: [
        { tenantId: 'acme', pending: ['UniqueTitles1760000000001'] },
        { tenantId: 'globex', state: 'missing' },
      ],
    });
  });

  it('takes only the tenants that are named', async () => {
    const { stdout } = await tenancy(['status', '--tenant', 'acme', '--each'], app);

    expect(stdout).toContain('1 tenant: 1 current');
    expect(stdout).not.toContain('globex');
  });
});

describe('tenancy drift', () => {
  beforeEach(() => makeSchemas());

  it('finds none where every schema is as its migrations make it', async () => {
    const { exitCode, stdout } = await tenancy(['drift'], app);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^No drift: 2 tenants looked at in /);
  });

  it('names the tenant, the table and the column, and ends with 1', async () => {
    await database.query('ALTER TABLE t_globex.books DROP COLUMN title');

    const { exitCode, stdout } = await tenancy(['drift'], app);
    const { document } = await tenancyJson<{ drifted: number }>(['drift'], app);

    expect(exitCode).toBe(1);
    expect(stdout).toContain('globex (t_globex) different\n');
    expect(stdout).toMatch(/column books\.title is missing: expected text/);
    expect(stdout).not.toContain('acme (');
    expect(document.drifted).toBe(1);
  });
});

describe('tenancy doctor', () => {
  beforeEach(() => makeSchemas());

  it('has nothing to say of what is in order', async () => {
    const { exitCode, stdout } = await tenancy(['doctor'], app);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^(Nothing is wrong\.|(info .*\n)*\d+ info)\n$/);
  });

  it('says what is wrong with the statement that mends it, runs it not, and ends with 1', async () => {
    await database.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
    const { exitCode, stdout } = await tenancy(['doctor'], app);
    const { document } = await tenancyJson(['doctor'], app);
    const [{ isOpen }] = await database.query<{ isOpen: boolean }>(
      `SELECT has_schema_privilege('${database.appRole}', 'public', 'CREATE') AS "isOpen"`,
    );
    await database.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');

    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/PUBLIC_WRITABLE \(default\): .*\n    REVOKE CREATE ON SCHEMA "?public"? FROM PUBLIC;/);
    expect(document).toMatchObject({ findings: [{ code: 'PUBLIC_WRITABLE' }] });
    expect(isOpen).toBe(true);
  });
});

describe('tenancy ready', () => {
  it('fills the pool of ready schemas, and says how many there are', async () => {
    const number = async (): Promise<number> =>
      (await database.query("SELECT 1 FROM pg_namespace WHERE nspname LIKE 't\\_%'")).length;
    const before = await number();

    expect(await tenancy(['ready', 'fill', '--count', '2', '--dry-run'], app)).toMatchObject({
      exitCode: 0,
      stdout: 'Would make 2 and drop 0 on default. Nothing was done.\n',
    });
    expect(await number()).toBe(before);
    expect(await tenancy(['ready', 'fill', '--count', '2'], app)).toMatchObject({
      exitCode: 0,
      stdout: 'Made 2, dropped 0. 2 ready on default\n',
    });
    expect(await number()).toBe(before + 2);
    expect(await tenancyJson(['ready', 'status'], app)).toMatchObject({ exitCode: 0, document: { ready: 2 } });
    expect(await tenancy(['ready', 'fill'], app)).toMatchObject({ exitCode: 2 });
  });
});
