import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../../../../test/support/tenant-fleet.js';
import { migration, tenantInits, useFleets } from '../../../../../test/support/tenant-fleet.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import type { TenantDatabaseOptions } from '../../database/tenant-database-options.js';
import { TenancyOptionsError, TenantSchemaError } from '../../tenancy.errors.js';
import { tenantRoleName } from '../../tenants/tenant-role.js';
import { defineTenant } from '../../tenants/tenant.js';

const CreateNotes = migration('CreateNotes1700000000001', [
  'CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)',
]);
const AddAuthor = migration('AddAuthor1700000000002', ["ALTER TABLE notes ADD author text NOT NULL DEFAULT 'nobody'"]);

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const database = useTestDatabase();
const europe = useTestDatabase();
const startFleet = useFleets();

const start = (options: Partial<TenantDatabaseOptions> = {}): Promise<Fleet> =>
  startFleet([acme, globex], { url: database.appUrl, migrations: [CreateNotes], ...options });

const marks = async (of = database): Promise<Record<string, string | null>> =>
  Object.fromEntries(
    (
      await of.query<{ name: string; mark: string | null }>(
        `SELECT nspname AS name, obj_description(oid, 'pg_namespace') AS mark FROM pg_namespace
          WHERE nspname LIKE 't\\_%' ORDER BY oid`,
      )
    ).map(({ name, mark }) => [name, mark]),
  );
const roles = async (): Promise<string[]> =>
  (
    await database.query<{ name: string }>(
      `SELECT rolname AS name FROM pg_roles WHERE shobj_description(oid, 'pg_authid') LIKE 'tenant %' AND rolname LIKE $1`,
      [`%@${await databaseName()}`],
    )
  ).map(({ name }) => name);
const databaseName = async () => (await database.query<{ name: string }>('SELECT current_database() AS name'))[0].name;
const first = async (): Promise<string> => Object.keys(await marks())[0];

beforeEach(() => database.query(`ALTER ROLE ${database.appRole} CREATEROLE`));
afterEach(async () => {
  for (const of of [database, europe]) {
    for (const name of Object.keys(await marks(of))) await of.query(`DROP SCHEMA ${name} CASCADE`);
  }
  for (const name of await roles()) await database.query(`DROP ROLE ${pg.escapeIdentifier(name)}`);
});

describe('filling the pool', () => {
  it('makes schemas with all migrations, which are marked as nobody’s', async () => {
    const { ready } = await start();
    expect(await ready.refill({ count: 2 })).toEqual({ made: 2, discarded: [] });
    expect(Object.values(await marks())).toEqual(['tenant (ready)', 'tenant (ready)']);
    const status = await ready.status();
    expect(status).toMatchObject({ database: 'default', ready: 2, schemas: [{ state: 'ready' }, { state: 'ready' }] });
    for (const { schema } of status.schemas) {
      expect(schema).toMatch(/^t_[0-9a-f]{20}$/);
      expect(await database.query(`SELECT name FROM ${schema}.migrations`)).toEqual([
        { name: 'CreateNotes1700000000001' },
      ]);
    }
  });

  it('adds what is missing, and leaves what is there', async () => {
    const { ready } = await start();
    await ready.refill({ count: 1 });
    expect(await ready.refill({ count: 3 })).toMatchObject({ made: 2 });
    expect(await ready.refill({ count: 1 })).toMatchObject({ made: 0, discarded: [] });
    expect((await ready.status()).ready).toBe(3);
  });

  it('never makes more than were asked for, by however many at once', async () => {
    const [one, other] = [await start(), await start()];
    await Promise.all([one, other, one, other].map(({ ready }) => ready.refill({ count: 3 })));
    expect((await one.ready.status()).ready).toBe(3);
  });

  it('refuses a count that is none', async () => {
    const { ready } = await start();
    for (const count of [-1, 0.5, Number.NaN]) {
      await expect(ready.refill({ count })).rejects.toThrow(TenancyOptionsError);
    }
  });

  it('leaves neither a schema nor a role where a migration fails', async () => {
    const broken = migration('Broken1700000000002', ['SELECT * FROM there_is_no_such_table']);
    const { ready } = await start({ migrations: [CreateNotes, broken], isolation: 'role' });
    await expect(ready.refill({ count: 2 })).rejects.toThrow('there_is_no_such_table');
    expect(await marks()).toEqual({});
    expect(await roles()).toEqual([]);
  });

  it('leaves nothing half made where it is killed', async () => {
    const killed = migration('Killed1700000000002', async (runner) => {
      const [{ pid }] = await runner.manager.query<[{ pid: number }]>('SELECT pg_backend_pid() AS pid');
      await database.query('SELECT pg_terminate_backend($1)', [pid]);
      await runner.query('SELECT 1');
    });
    const { ready } = await start({ migrations: [CreateNotes, killed] });
    await expect(ready.refill({ count: 2 })).rejects.toThrow();
    expect(await marks()).toEqual({});
  });

  it('finishes the one that is being made when it is told to stop, and begins no other', async () => {
    const stop = new AbortController();
    const stopping = migration('Stopping1700000000002', async () => stop.abort());
    const { ready } = await start({ migrations: [CreateNotes, stopping] });
    expect(await ready.refill({ count: 5, signal: stop.signal })).toMatchObject({ made: 1 });
    expect((await ready.status()).ready).toBe(1);
  });
});

describe('a new tenant', () => {
  it('gets a ready schema, which is its own from then on', async () => {
    const { ready, factory, schemas } = await start();
    await ready.refill({ count: 1 });
    const schema = await first();
    const tenant = await ready.claim(acme);
    expect(tenant).toEqual({ ...acme, schema });
    expect(await marks()).toEqual({ [schema]: 'tenant acme' });
    await factory.forTenant(tenant).query("INSERT INTO notes (body) VALUES ('hers')");
    expect((await schemas.status(tenant)).pending).toEqual([]);
    await expect(schemas.create({ ...globex, schema })).rejects.toThrow(TenantSchemaError);
  });

  it('has not to wait for a migration', async () => {
    let runs = 0;
    const counting = migration('Counting1700000000002', async () => void (runs += 1));
    const { ready } = await start({ migrations: [CreateNotes, counting] });
    await ready.refill({ count: 2 });
    await ready.claim(acme);
    await ready.claim(globex);
    expect(runs).toBe(2);
  });

  it('gets one of its own, and so does every other that comes at the same time', async () => {
    const [one, other] = [await start({ poolSize: 8 }), await start({ poolSize: 8 })];
    await one.ready.refill({ count: 6 });
    const made = Object.keys(await marks());
    const tenants = await Promise.all(tenantInits(10).map((init, n) => (n % 2 === 0 ? one : other).ready.claim(init)));
    expect(new Set(tenants.map(({ schema }) => schema)).size).toBe(10);
    expect(await marks()).toEqual(Object.fromEntries(tenants.map(({ id, schema }) => [schema, `tenant ${id}`])));
    expect(tenants.filter(({ schema }) => made.includes(schema))).toHaveLength(6);
  });

  it('does not wait for one that somebody else works on, and does not get it', async () => {
    const { ready } = await start();
    await ready.refill({ count: 2 });
    const [busy, free] = Object.keys(await marks());
    const client = new pg.Client(database.url);
    await client.connect();
    try {
      await client.query('BEGIN');
      await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`tenancy:${busy}`]);
      expect((await ready.claim(acme)).schema).toBe(free);
      expect((await ready.claim(globex)).schema).toBe('t_globex');
    } finally {
      await client.end();
    }
  });

  it('gets one that is made for it where none is ready', async () => {
    const { ready, schemas } = await start();
    expect(await ready.claim(acme)).toEqual(acme);
    expect(await marks()).toEqual({ t_acme: 'tenant acme' });
    expect((await schemas.status(acme)).pending).toEqual([]);
  });

  it('keeps the schema that it has, and gets nobody else’s', async () => {
    const { ready, schemas } = await start();
    await schemas.create(acme);
    await ready.refill({ count: 1 });
    expect(await ready.claim(acme)).toEqual(acme);
    await expect(ready.claim({ id: 'heir', schema: 't_acme' })).rejects.toThrow('was not made for tenant heir');
    expect((await ready.status()).ready).toBe(1);
  });

  it('gets one on the database server that it is placed on', async () => {
    const { ready } = await startFleet([acme], {
      default: { url: database.appUrl, migrations: [CreateNotes] },
      eu: { url: europe.appUrl },
    });
    await ready.refill({ count: 1 });
    await ready.refill({ count: 1, database: 'eu' });
    expect(await ready.status({ database: 'eu' })).toMatchObject({ database: 'eu', ready: 1 });
    const { schema } = await ready.claim({ id: 'initech', schema: 't_initech', database: 'eu' });
    expect(await marks(europe)).toEqual({ [schema]: 'tenant initech' });
    expect((await ready.status()).ready).toBe(1);
  });
});

describe('a schema that was made by an older version', () => {
  it('is not handed out, and is replaced when the pool is filled', async () => {
    await (await start()).ready.refill({ count: 2 });
    const stale = Object.keys(await marks());
    const { ready, schemas } = await start({ migrations: [CreateNotes, AddAuthor] });
    expect((await ready.status()).schemas.map(({ state }) => state)).toEqual(['behind', 'behind']);
    expect((await ready.claim(acme)).schema).toBe('t_acme');
    expect((await schemas.status(acme)).pending).toEqual([]);
    expect(await ready.refill({ count: 2 })).toEqual({ made: 2, discarded: stale });
    expect((await ready.status()).ready).toBe(2);
  });

  it('is found half made too, where it was marked and never migrated', async () => {
    const { ready } = await start();
    await database.query(`CREATE SCHEMA t_half AUTHORIZATION ${database.appRole}`);
    await database.query("COMMENT ON SCHEMA t_half IS 'tenant (ready)'");
    expect((await ready.claim(acme)).schema).toBe('t_acme');
    expect(await ready.refill({ count: 1 })).toEqual({ made: 1, discarded: ['t_half'] });
  });
});

describe('a schema that was made by a newer version', () => {
  it('is neither handed out nor dropped, so that two versions do not take turns at that', async () => {
    await (await start({ migrations: [CreateNotes, AddAuthor] })).ready.refill({ count: 1 });
    const { ready } = await start();
    expect((await ready.status()).schemas).toMatchObject([{ state: 'ahead' }]);
    expect((await ready.claim(acme)).schema).toBe('t_acme');
    expect(await ready.refill({ count: 1 })).toEqual({ made: 0, discarded: [] });
  });
});

describe('what is nobody’s yet', () => {
  const mayUse = async (role: string, schema: string): Promise<unknown> =>
    (await database.query('SELECT has_schema_privilege($1, $2, $$USAGE$$) AS uses', [role, schema]))[0].uses;

  it('is closed to the services that use the tenants’ schemas, until it is a tenant’s', async () => {
    const reader = `${database.appRole}_reader`;
    await database.query(`CREATE ROLE ${reader}`);
    try {
      const { ready } = await start({ grantTo: [reader] });
      await ready.refill({ count: 1 });
      const schema = await first();
      expect(await mayUse(reader, schema)).toBe(false);
      await ready.claim(acme);
      expect(await mayUse(reader, schema)).toBe(true);
    } finally {
      await database.query(`DROP OWNED BY ${reader}`);
      await database.query(`DROP ROLE ${reader}`);
    }
  });

  it('has a role of its own where tenants have, which is the tenant’s later and goes with it', async () => {
    const { ready, factory, schemas } = await start({ isolation: 'role' });
    await ready.refill({ count: 1 });
    const schema = await first();
    const role = tenantRoleName(schema, await databaseName());
    expect(await roles()).toEqual([role]);
    expect(await mayUse(role, schema)).toBe(false);
    const tenant = await ready.claim(acme);
    expect(
      await factory
        .forTenant(tenant)
        .query('SELECT current_user AS role FROM notes RIGHT JOIN (VALUES (1)) AS one ON true'),
    ).toEqual([{ role }]);
    await schemas.drop(tenant);
    expect(await roles()).toEqual([]);
    expect(await marks()).toEqual({});
  });

  it('is out of every tenant’s reach, be it named', async () => {
    const { ready, factory, schemas } = await start({ isolation: 'role' });
    await schemas.create(acme);
    await ready.refill({ count: 1 });
    const schema = (await ready.status()).schemas[0].schema;
    await expect(factory.forTenant(acme).query(`SELECT * FROM ${schema}.notes`)).rejects.toThrow('permission denied');
    await expect(factory.forTenant({ ...globex, schema }).query('SELECT * FROM notes')).rejects.toThrow();
    await expect(schemas.migrate({ ...globex, schema })).rejects.toThrow('was not made for tenant globex');
  });

  it('is nobody’s whatever the tenants are called', () => {
    expect(() => defineTenant({ id: '(ready)', schema: 't_acme' })).toThrow(TenancyOptionsError);
  });
});
