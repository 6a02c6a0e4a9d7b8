import pg from 'pg';
import type { TenancyFinding, TenantStore } from 'nestjs-tenancy';
import { InMemoryTenantStore, TenancyDoctor, TenancyModule } from 'nestjs-tenancy';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hasPgBouncer, startPgBouncer } from '../../../../../test/support/pgbouncer.js';
import type { Fleet } from '../../../../../test/support/tenant-fleet.js';
import { migration, tenantInits, useFleets } from '../../../../../test/support/tenant-fleet.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import type { TenantDatabaseOptions } from '../../database/tenant-database-options.js';
import { tenantRoleName } from '../../tenants/tenant-role.js';
import { defineTenant } from '../../tenants/tenant.js';

const CreateNotes = migration('CreateNotes1700000000001', [
  'CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)',
]);
const AddAuthor = migration('AddAuthor1700000000002', ['ALTER TABLE notes ADD author text']);

const database = useTestDatabase();
const europe = useTestDatabase();
const startFleet = useFleets();
let name: string;
let app: string;
let reader: string;

type Options = Partial<TenantDatabaseOptions>;

/** A service that makes the schemas of acme and globex, for a reader too. */
async function start(options: Options = {}): Promise<Fleet> {
  const fleet = await startFleet(tenantInits(2), {
    url: database.appUrl,
    migrations: [CreateNotes],
    grantTo: [reader],
    poolSize: 4,
    sharedSchemas: ['extensions'],
    ...options,
  });
  return fleet;
}

async function prepared(options: Options = {}): Promise<Fleet> {
  const fleet = await start({ ...options, migrations: [CreateNotes] });
  for (const tenant of fleet.tenants) await fleet.schemas.create(tenant);
  return options.migrations ? start(options) : fleet;
}

/** What is found where the store lists the tenants so. */
async function examinedWith(list: NonNullable<TenantStore['list']>): Promise<TenancyFinding[]> {
  const store = Object.assign(new InMemoryTenantStore([]), { list });
  const tenancy = TenancyModule.forRoot({ store, database: { url: database.appUrl, migrations: [CreateNotes] } });
  const module = await Test.createTestingModule({ imports: [tenancy] }).compile();
  module.enableShutdownHooks();
  try {
    return await module.get(TenancyDoctor).examine();
  } finally {
    await module.close();
  }
}

const asLogin = (username: string): string => Object.assign(new URL(database.appUrl), { username }).href;
const roleOf = (schema: string): string => tenantRoleName(schema, name);
const codes = (findings: readonly TenancyFinding[]): string[] => findings.map(({ code }) => code);
const run = async (statements: readonly string[]): Promise<void> => {
  for (const sql of statements) await database.query(sql);
};

beforeEach(async () => {
  [{ name }] = await database.query<{ name: string }>('SELECT current_database() AS name');
  app = database.appRole;
  reader = `${app}_reader`;
  await run([
    `CREATE ROLE ${reader} LOGIN PASSWORD 'app' NOINHERIT`,
    `ALTER ROLE ${reader} SET search_path = ''`,
    `ALTER ROLE ${app} CREATEROLE`,
    `GRANT CREATE ON DATABASE ${name} TO ${app}`,
    'CREATE SCHEMA extensions',
    'GRANT USAGE ON SCHEMA extensions TO PUBLIC',
  ]);
});
afterEach(async () => {
  await run([
    `ALTER ROLE ${app} NOSUPERUSER NOBYPASSRLS NOCREATEROLE CONNECTION LIMIT -1`,
    `ALTER ROLE ${app} RESET ALL`,
    `ALTER ROLE ${app} SET search_path = ''`,
    `ALTER DATABASE ${name} CONNECTION LIMIT -1`,
    'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    `REVOKE CREATE ON SCHEMA public FROM ${app}`,
    'DROP SCHEMA IF EXISTS extensions CASCADE',
  ]);
  const schemas = await database.query<{ schema: string }>(
    "SELECT nspname AS schema FROM pg_namespace WHERE nspname ~ '^(t|tenancy)_'",
  );
  await run(schemas.map(({ schema }) => `DROP SCHEMA ${schema} CASCADE`));
  const roles = await database.query<{ role: string }>(
    'SELECT quote_ident(rolname) AS role FROM pg_roles WHERE right(rolname, length($1)) = $1 OR rolname LIKE $2',
    [`@${name}`, `${app}\\_%`],
  );
  await run(roles.flatMap(({ role }) => [`DROP OWNED BY ${role}`, `DROP ROLE ${role}`]));
});

describe.each(['schema', 'role'] as const)('a healthy system with isolation: %s', (isolation) => {
  it('has no findings, ready schemas and shared ones included', async () => {
    const { ready, doctor } = await prepared({ isolation });
    await ready.refill({ count: 2 });
    expect(await doctor.examine()).toEqual([]);
  });

  it('has none seen by a service that makes no schemas either', async () => {
    await prepared({ isolation });
    const fleet = await start({ isolation, url: asLogin(reader), migrations: [], grantTo: [] });
    expect(await fleet.doctor.examine()).toEqual([]);
  });
});

interface Case {
  readonly code: string;
  readonly object: () => string;
  readonly plant: () => string[];
  readonly options?: Options;
  /** What it is about is said when a session begins. */
  readonly restarts?: true;
}

const schemaCases: Case[] = [
  { code: 'LOGIN_ROLE_SUPERUSER', object: () => app, plant: () => [`ALTER ROLE ${app} SUPERUSER`] },
  { code: 'LOGIN_ROLE_BYPASSES_RLS', object: () => app, plant: () => [`ALTER ROLE ${app} BYPASSRLS`] },
  {
    code: 'LOGIN_ROLE_SEARCH_PATH',
    object: () => app,
    plant: () => [`ALTER ROLE ${app} SET search_path = 'public'`],
    restarts: true,
  },
  {
    code: 'LOGIN_ROLE_PLAIN_STRINGS',
    object: () => app,
    plant: () => [`ALTER ROLE ${app} SET standard_conforming_strings = off`],
    restarts: true,
  },
  {
    code: 'LOGIN_ROLE_CANNOT_CREATE_SCHEMAS',
    object: () => app,
    plant: () => [`REVOKE CREATE ON DATABASE ${name} FROM ${app}`],
  },
  {
    code: 'LOGIN_ROLE_WRITES_PUBLIC',
    object: () => app,
    plant: () => [`GRANT CREATE ON SCHEMA public TO ${app}`],
    options: { migrations: [] },
  },
  { code: 'PUBLIC_WRITABLE', object: () => 'public', plant: () => ['GRANT CREATE ON SCHEMA public TO PUBLIC'] },
  { code: 'CONNECTIONS_SHORT', object: () => `the role ${app}`, plant: () => [`ALTER ROLE ${app} CONNECTION LIMIT 3`] },
  {
    code: 'CONNECTIONS_SHORT',
    object: () => `the database ${name}`,
    plant: () => [`ALTER DATABASE ${name} CONNECTION LIMIT 3`],
  },
  { code: 'SHARED_SCHEMA_MISSING', object: () => 'extensions', plant: () => ['DROP SCHEMA extensions'] },
  {
    code: 'SHARED_SCHEMA_CLOSED',
    object: () => 'extensions',
    plant: () => ['REVOKE USAGE ON SCHEMA extensions FROM PUBLIC'],
  },
  {
    code: 'SHARED_SCHEMA_WRITABLE',
    object: () => 'extensions',
    plant: () => [`GRANT CREATE ON SCHEMA extensions TO ${reader}`],
  },
  {
    code: 'SCHEMA_ORPHANED',
    object: () => 't_gone',
    plant: () => ['CREATE SCHEMA t_gone', "COMMENT ON SCHEMA t_gone IS 'tenant gone'"],
  },
  {
    code: 'SCHEMA_ORPHANED',
    object: () => 'old',
    plant: () => [
      'CREATE SCHEMA t_old',
      "COMMENT ON SCHEMA t_old IS 'tenant acme'",
      'ALTER SCHEMA t_old RENAME TO old',
    ],
  },
  { code: 'SCHEMA_UNMARKED', object: () => 't_what', plant: () => ['CREATE SCHEMA t_what'] },
  {
    code: 'SHADOW_SCHEMA_LEFT',
    object: () => 'tenancy_shadow_1',
    plant: () => ['CREATE SCHEMA tenancy_shadow_1', "COMMENT ON SCHEMA tenancy_shadow_1 IS 'tenant tenancy_shadow_1'"],
  },
  {
    code: 'READY_SCHEMA_STALE',
    object: () => 't_half',
    plant: () => ['CREATE SCHEMA t_half', "COMMENT ON SCHEMA t_half IS 'tenant (ready)'"],
  },
  { code: 'SCHEMA_FOREIGN', object: () => 't_globex', plant: () => ['COMMENT ON SCHEMA t_globex IS NULL'] },
  { code: 'SCHEMA_OPEN', object: () => 't_globex', plant: () => ['GRANT USAGE ON SCHEMA t_globex TO PUBLIC'] },
  { code: 'GRANT_MISSING', object: () => 't_globex', plant: () => [`REVOKE USAGE ON SCHEMA t_globex FROM ${reader}`] },
  { code: 'GRANT_MISSING', object: () => 't_globex', plant: () => [`REVOKE INSERT ON t_globex.notes FROM ${reader}`] },
  {
    code: 'GRANT_MISSING',
    object: () => 't_globex',
    plant: () => [`REVOKE USAGE ON SEQUENCE t_globex.notes_id_seq FROM ${reader}`],
  },
  {
    code: 'SCHEMA_NOT_OWNED',
    object: () => 't_globex',
    plant: () => ['ALTER TABLE t_globex.notes OWNER TO CURRENT_USER'],
  },
  {
    code: 'SCHEMA_NOT_OWNED',
    object: () => 't_globex',
    plant: () => [
      'ALTER SCHEMA t_globex OWNER TO CURRENT_USER',
      'ALTER TABLE t_globex.migrations OWNER TO CURRENT_USER',
    ],
  },
  {
    code: 'INDEX_INVALID',
    object: () => 't_globex.notes_pkey',
    plant: () => ["UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_globex.notes_pkey'::regclass"],
  },
];

const role = { isolation: 'role' } as const;
const roleCases: Case[] = [
  {
    code: 'LOGIN_ROLE_CANNOT_CREATE_ROLES',
    object: () => app,
    plant: () => [`ALTER ROLE ${app} NOCREATEROLE`],
    options: role,
  },
  {
    code: 'SHARED_SCHEMA_CLOSED',
    object: () => 'extensions',
    plant: () => ['REVOKE USAGE ON SCHEMA extensions FROM PUBLIC', `GRANT USAGE ON SCHEMA extensions TO ${app}`],
    options: role,
  },
  {
    code: 'SCHEMA_ORPHANED',
    object: () => 't_gone',
    plant: () => [
      'CREATE SCHEMA t_gone',
      "COMMENT ON SCHEMA t_gone IS 'tenant gone'",
      `CREATE ROLE "${roleOf('t_gone')}"`,
      `COMMENT ON ROLE "${roleOf('t_gone')}" IS 'tenant gone of database ${name}'`,
    ],
    options: role,
  },
  {
    code: 'TENANT_ROLE_MISSING',
    object: () => roleOf('t_globex'),
    plant: () => [`DROP OWNED BY "${roleOf('t_globex')}"`, `DROP ROLE "${roleOf('t_globex')}"`],
    options: role,
  },
  {
    code: 'TENANT_ROLE_CLOSED',
    object: () => roleOf('t_globex'),
    plant: () => [`REVOKE "${roleOf('t_globex')}" FROM ${reader} GRANTED BY ${app}`],
    options: role,
  },
  {
    code: 'TENANT_ROLE_ORPHANED',
    object: () => roleOf('t_gone'),
    plant: () => [
      `CREATE ROLE "${roleOf('t_gone')}"`,
      `COMMENT ON ROLE "${roleOf('t_gone')}" IS 'tenant gone of database ${name}'`,
    ],
    options: role,
  },
  {
    code: 'GRANT_MISSING',
    object: () => 't_globex',
    plant: () => [`REVOKE INSERT ON t_globex.notes FROM "${roleOf('t_globex')}"`],
    options: role,
  },
  {
    code: 'SCHEMA_OPEN',
    object: () => 't_globex',
    plant: () => [`GRANT USAGE ON SCHEMA t_globex TO "${roleOf('t_acme')}"`],
    options: role,
  },
];

describe.each([
  ['schema', schemaCases],
  ['role', roleCases],
] as const)('what is wrong with isolation: %s', (_isolation, cases) => {
  it.each(cases.map((one) => [one.code, one] as const))(
    'is found, and mended by the statements that it says: %s',
    async (_code, { code, object, plant, options, restarts }) => {
      let { doctor } = await prepared(options);
      expect(await doctor.examine()).toEqual([]);
      await run(plant());
      if (restarts) ({ doctor } = await start(options));
      const [finding, ...others] = await doctor.examine();
      expect(finding).toMatchObject({ code, object: object(), database: 'default' });
      expect(others).toEqual([]);
      await run(finding.mend);
      if (restarts) ({ doctor } = await start(options));
      expect(await doctor.examine()).toEqual([]);
    },
  );
});

describe('what no statement mends', () => {
  it('a schema that is missing, until it is made', async () => {
    const { doctor, schemas, tenants } = await prepared();
    await database.query('DROP SCHEMA t_globex CASCADE');
    expect(await doctor.examine()).toMatchObject([
      { code: 'SCHEMA_MISSING', severity: 'error', object: 't_globex', mend: [] },
    ]);
    await schemas.create(tenants[1]);
    expect(await doctor.examine()).toEqual([]);
  });

  it('but not of a tenant that needs none', async () => {
    const tenants = [defineTenant({ id: 'acme', schema: 't_acme', status: 'provisioning' })];
    const { doctor } = await startFleet(tenants, { url: database.appUrl, migrations: [CreateNotes] });
    expect(await doctor.examine()).toEqual([]);
  });

  it('a schema of a tenant that is being made: it may be given it at this moment', async () => {
    await prepared();
    await database.query("COMMENT ON SCHEMA t_globex IS 'tenant initech'");
    const tenants = [
      { id: 'acme', schema: 't_acme' },
      { id: 'initech', schema: 't_initech', status: 'provisioning' as const },
    ];
    const list = async () => ({ tenants: tenants.map(defineTenant), total: tenants.length });
    expect(await examinedWith(list)).toMatchObject([
      { code: 'SCHEMA_ORPHANED', severity: 'info', object: 't_globex', mend: [] },
    ]);
  });

  it('a schema that is another’s, one that two tenants have, and a tenant that is nowhere', async () => {
    await prepared();
    await database.query("COMMENT ON SCHEMA t_globex IS 'tenant initech'");
    const tenants = [
      { id: 'acme', schema: 't_acme' },
      { id: 'double', schema: 't_acme' },
      { id: 'globex', schema: 't_globex' },
      { id: 'martian', schema: 't_martian', database: 'mars' },
    ];
    const list = async () => ({ tenants: tenants.map(defineTenant), total: tenants.length });
    expect(await examinedWith(list)).toMatchObject([
      { code: 'TENANT_SERVER_UNKNOWN', object: 'martian', database: 'mars', mend: [] },
      { code: 'SCHEMA_SHARED', object: 't_acme', mend: [], message: expect.stringContaining('acme, double') },
      { code: 'SCHEMA_FOREIGN', object: 't_globex', mend: [], message: expect.stringContaining('tenant initech') },
    ]);
  });

  it('a role of a tenant’s name that is another’s', async () => {
    const { doctor } = await prepared(role);
    await database.query(`COMMENT ON ROLE "${roleOf('t_globex')}" IS 'somebody'`);
    expect(await doctor.examine()).toMatchObject([{ code: 'TENANT_ROLE_FOREIGN', mend: [] }]);
  });

  it('a login role that owns the schemas where its service makes none', async () => {
    await prepared(role);
    const { doctor } = await start({ ...role, migrations: [], grantTo: [] });
    expect(codes(await doctor.examine())).toEqual(['LOGIN_ROLE_OWNS_TENANTS', 'LOGIN_ROLE_CREATES_ROLES']);
  });
});

describe('a login role that has the tenants’ rights without their roles', () => {
  it('is found, and mended by the statements that it says', async () => {
    const fleet = await prepared(role);
    const [{ version }] = await database.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::int AS version",
    );
    const inherit = version >= 160_000 ? ' WITH INHERIT TRUE' : '';
    await run([
      `ALTER ROLE ${reader} INHERIT`,
      ...fleet.tenants.map(({ schema }) => `GRANT "${roleOf(schema)}" TO ${reader}${inherit}`),
    ]);
    const { doctor } = await start({ ...role, url: asLogin(reader), migrations: [], grantTo: [] });
    const [finding, ...others] = await doctor.examine();
    expect([finding.code, others]).toEqual(['LOGIN_ROLE_INHERITS_TENANTS', []]);
    await run(finding.mend);
    expect(await doctor.examine()).toEqual([]);
  });
});

describe('a role that is missing though grantTo names it', () => {
  it('is found, mended, and then its rights', async () => {
    const second = `${app}_second`;
    await database.query(`CREATE ROLE ${second}`);
    const { doctor } = await prepared({ grantTo: [reader, second] });
    await run([`DROP OWNED BY ${second}`, `DROP ROLE ${second}`]);
    const missing = await doctor.examine();
    expect(codes(missing)).toEqual(['GRANTEE_MISSING']);
    await run(missing[0].mend);
    const rights = await doctor.examine();
    expect(codes(rights)).toEqual(['GRANT_MISSING', 'GRANT_MISSING']);
    await run(rights.flatMap(({ mend }) => mend));
    expect(await doctor.examine()).toEqual([]);
  });
});

describe('an extension that tenants do not find', () => {
  it.each([
    ['EXTENSION_OUT_OF_REACH', 'info', 'public'],
    ['EXTENSION_IN_TENANT_SCHEMA', 'error', 't_acme'],
  ])('is found, and moved by the statement that it says: %s', async (code, severity, schema) => {
    const { doctor } = await prepared();
    const [available] = await database.query<{ name: string }>(
      "SELECT name FROM pg_available_extension_versions WHERE relocatable AND name <> 'plpgsql' AND requires IS NULL LIMIT 1",
    );
    if (!available) return;
    await database.query(`CREATE EXTENSION ${pg.escapeIdentifier(available.name)} SCHEMA ${schema}`);
    const [finding] = await doctor.examine();
    expect(finding).toMatchObject({ code, severity, object: available.name });
    await run(finding.mend);
    expect(await doctor.examine()).toEqual([]);
  });
});

describe('how many instances there are', () => {
  it('says whether the server lets all their connections in', async () => {
    const { doctor } = await prepared();
    expect(await doctor.examine({ instances: 1_000 })).toMatchObject([
      {
        code: 'CONNECTIONS_SHORT',
        object: 'max_connections',
        mend: [expect.stringMatching(/^ALTER SYSTEM SET max_connections = 40\d\d$/)],
      },
    ]);
  });
});

describe.skipIf(!hasPgBouncer)('a pooler in between', () => {
  it('is to be known, and no more', async () => {
    await prepared();
    const pooler = await startPgBouncer(database.appUrl, 4);
    try {
      const { doctor } = await start({ url: pooler.url });
      expect(await doctor.examine()).toMatchObject([{ code: 'SERVER_BEHIND_POOLER', severity: 'info', mend: [] }]);
    } finally {
      await pooler.stop();
    }
  });
});

describe('a ready schema that a newer version made', () => {
  it('is to be known, and no more', async () => {
    const { ready } = await prepared({ migrations: [CreateNotes, AddAuthor] });
    await ready.refill({ count: 1 });
    const { doctor } = await start();
    expect(await doctor.examine()).toMatchObject([{ code: 'READY_SCHEMA_STALE', severity: 'info' }]);
  });
});

describe('a tenant that was moved to another server', () => {
  it('has its old schema until the move is confirmed, and that is no orphan', async () => {
    const { doctor, schemas, moves, tenants } = await startFleet(tenantInits(1), {
      default: { url: database.appUrl, migrations: [CreateNotes] },
      eu: { url: europe.appUrl },
    });
    await schemas.create(tenants[0]);
    await moves.move('acme', { to: 'eu' });
    try {
      expect(await doctor.examine()).toMatchObject([
        { code: 'MOVE_UNSETTLED', severity: 'info', object: 't_acme', database: 'default', mend: [] },
      ]);
      await moves.confirm('acme');
      expect(await doctor.examine()).toEqual([]);
    } finally {
      await europe.query('DROP SCHEMA IF EXISTS t_acme CASCADE');
    }
  });
});

describe('a part that cannot be looked at', () => {
  it('is a finding, and the others are looked at', async () => {
    const { doctor } = await prepared();
    await run([
      'REVOKE SELECT ON pg_catalog.pg_stat_progress_create_index FROM PUBLIC',
      'GRANT CREATE ON SCHEMA public TO PUBLIC',
    ]);
    expect((await doctor.examine()).map(({ code, object }) => [code, object])).toEqual([
      ['PUBLIC_WRITABLE', 'public'],
      ['EXAMINATION_FAILED', 'the indexes'],
    ]);
    await database.query('GRANT SELECT ON pg_catalog.pg_stat_progress_create_index TO PUBLIC');
  });

  it('leaves every schema in peace where it is the store', async () => {
    await prepared();
    await database.query('CREATE SCHEMA t_what');
    const list = async () => {
      throw new Error('the store is away');
    };
    expect(codes(await examinedWith(list))).toEqual(['STORE_UNREADABLE']);
  });

  it('is a server that does not answer: the others are examined', async () => {
    const { doctor } = await startFleet([], {
      default: { url: database.appUrl, migrations: [CreateNotes] },
      eu: { url: europe.appUrl },
    });
    expect(await doctor.examine()).toEqual([]);
    const [{ eu }] = await europe.query<{ eu: string }>('SELECT current_database() AS eu');
    await database.query(`ALTER DATABASE ${eu} ALLOW_CONNECTIONS false`);
    try {
      await database.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename = $2',
        [eu, europe.appRole],
      );
      await database.query('GRANT CREATE ON SCHEMA public TO PUBLIC');
      const findings = await doctor.examine();
      expect(findings.map(({ code, database: server }) => [code, server])).toEqual([
        ['SERVER_UNREACHABLE', 'eu'],
        ['PUBLIC_WRITABLE', 'default'],
      ]);
    } finally {
      await database.query(`ALTER DATABASE ${eu} ALLOW_CONNECTIONS true`);
    }
  });
});
