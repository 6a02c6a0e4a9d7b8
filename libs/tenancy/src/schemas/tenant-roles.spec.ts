import pg from 'pg';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import type { TenantDatabaseOptions } from '../database/tenant-database-options.js';
import { TenantDataSourceFactory } from '../database/tenant-data-source.factory.js';
import { TenantSchemaError } from '../tenancy.errors.js';
import { tenantRoleMark, tenantRoleName } from '../tenants/tenant-role.js';
import { defineTenant } from '../tenants/tenant.js';
import { TenantRoles } from './tenant-roles.js';
import { TenantSchemaService } from './tenant-schema.service.js';

class CreateNotes1700000000001 implements MigrationInterface {
  name = 'CreateNotes1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)');
  }
  async down(): Promise<void> {}
}

class CreateTags1700000000002 implements MigrationInterface {
  name = 'CreateTags1700000000002';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE tags (id serial PRIMARY KEY, name text NOT NULL)');
  }
  async down(): Promise<void> {}
}

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const database = useTestDatabase();
const open: TenantDataSourceFactory[] = [];
const roles: string[] = [];
let databaseName: string;
let hasGrantOptions: boolean;

interface Setup extends Partial<TenantDatabaseOptions> {
  readonly login?: string;
}

async function connect({ login, ...options }: Setup = {}): Promise<TenantDataSourceFactory> {
  const url = Object.assign(new URL(database.appUrl), { username: login ?? database.appRole }).href;
  const factory = new TenantDataSourceFactory(
    { url, migrations: [CreateNotes1700000000001], poolSize: 2, ...options },
    async () => acme,
  );
  await factory.initialize();
  open.push(factory);
  return factory;
}

async function service(options: Setup = {}): Promise<TenantSchemaService> {
  const factory = await connect({ isolation: 'role', ...options });
  const { isolation = 'role', grantTo, sharedSchemas, migrationsTableName } = options;
  return new TenantSchemaService(
    factory.dataSource,
    (tenant) => factory.forOwner(tenant),
    grantTo,
    isolation === 'role' ? new TenantRoles(() => sharedSchemas, migrationsTableName) : undefined,
  );
}

/** A role beside the one of the tests; its name is the database's, so that it is this test's alone. */
async function newRole(suffix: string, attributes: string): Promise<string> {
  const name = `${databaseName}_${suffix}`;
  await database.query(`CREATE ROLE ${name} ${attributes}`);
  await database.query(`ALTER ROLE ${name} SET search_path = ''`);
  roles.push(name);
  return name;
}

const roleOf = (schema: string): string => tenantRoleName(schema, databaseName);
const marks = () =>
  database.query<{ name: string; mark: string }>(
    `SELECT rolname AS name, shobj_description(oid, 'pg_authid') AS mark FROM pg_roles
      WHERE shobj_description(oid, 'pg_authid') LIKE $1 ORDER BY 1`,
    [tenantRoleMark('%', databaseName)],
  );

beforeAll(async () => {
  databaseName = new URL(database.url).pathname.slice(1);
  const [server] = await database.query<{ version: number }>(
    "SELECT current_setting('server_version_num')::int AS version",
  );
  hasGrantOptions = server.version >= 160000;
});
beforeEach(() => database.query(`ALTER ROLE ${database.appRole} CREATEROLE INHERIT`));
afterEach(async () => {
  await Promise.all(open.splice(0).map((factory) => factory.destroy()));
  await database.query('DROP SCHEMA IF EXISTS t_acme, t_globex, extensions CASCADE');
  for (const { name } of await marks()) await database.query(`DROP ROLE ${pg.escapeIdentifier(name)}`);
  for (const name of roles.splice(0)) {
    await database.query(`DROP OWNED BY ${name}`);
    await database.query(`DROP ROLE ${name}`);
  }
});

describe('creating a schema', () => {
  it('makes a role that nobody logs in as, that owns nothing and may read and write', async () => {
    await (await service()).create(acme);
    const role = roleOf('t_acme');
    expect(await marks()).toEqual([{ name: role, mark: `tenant acme of database ${databaseName}` }]);
    const [found] = await database.query(
      `SELECT rolcanlogin AS logs_in, rolinherit AS inherits, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls AS mighty,
              has_schema_privilege(oid, 't_acme', 'USAGE') AS uses, has_schema_privilege(oid, 't_acme', 'CREATE') AS creates,
              has_table_privilege(oid, 't_acme.notes', 'SELECT') AND has_table_privilege(oid, 't_acme.notes', 'INSERT')
                AND has_table_privilege(oid, 't_acme.notes', 'UPDATE') AND has_table_privilege(oid, 't_acme.notes', 'DELETE')
                AND has_table_privilege(oid, 't_acme.notes', 'TRUNCATE') AS writes,
              has_table_privilege(oid, 't_acme.notes', 'REFERENCES, TRIGGER') AS alters,
              has_table_privilege(oid, 't_acme.migrations', 'SELECT') AS reads_migrations,
              has_table_privilege(oid, 't_acme.migrations', 'INSERT, UPDATE, DELETE, TRUNCATE') AS writes_migrations,
              has_sequence_privilege(oid, 't_acme.notes_id_seq', 'USAGE') AS counts,
              (SELECT count(*)::int FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o') AS owns
         FROM pg_roles r WHERE rolname = $1`,
      [role],
    );
    expect(found).toEqual({
      logs_in: false,
      inherits: false,
      mighty: false,
      uses: true,
      creates: false,
      writes: true,
      alters: false,
      reads_migrations: true,
      writes_migrations: false,
      counts: true,
      owns: 0,
    });
  });

  it('can be repeated, and done by two for two tenants at once', async () => {
    const [first, second] = [await service(), await service()];
    await Promise.all([first.create(acme), second.create(globex), second.create(acme), first.create(globex)]);
    expect((await marks()).map(({ name }) => name)).toEqual([roleOf('t_acme'), roleOf('t_globex')]);
  });

  it('says what is missing where the login role may not make roles, and leaves nothing', async () => {
    await database.query(`ALTER ROLE ${database.appRole} NOCREATEROLE`);
    await expect((await service()).create(acme)).rejects.toThrow(
      new RegExp(`may not make the role of tenant acme.*ALTER ROLE "${database.appRole}" CREATEROLE;`),
    );
    expect(await database.query("SELECT 1 FROM pg_namespace WHERE nspname = 't_acme'")).toEqual([]);
  });

  it('refuses a role that was not made for this tenant, and never drops it', async () => {
    const role = roleOf('t_acme');
    await database.query(`CREATE ROLE "${role}"`);
    const schemas = await service();
    await expect(schemas.create(acme)).rejects.toThrow(TenantSchemaError);
    await schemas.drop(acme);
    expect(await database.query('SELECT 1 AS there FROM pg_roles WHERE rolname = $1', [role])).toEqual([{ there: 1 }]);
    await database.query(`COMMENT ON ROLE "${role}" IS 'tenant heir of database ${databaseName}'`);
    await expect(schemas.create(acme)).rejects.toThrow('was not made for tenant acme');
  });

  it('leaves the rights to a shared schema to its owner, and says which are missing', async () => {
    await database.query('CREATE SCHEMA extensions');
    await database.query(`GRANT USAGE ON SCHEMA extensions TO ${database.appRole}`);
    const schemas = await service({ sharedSchemas: ['extensions'] });
    await expect(schemas.create(acme)).rejects.toThrow('GRANT USAGE ON SCHEMA "extensions" TO PUBLIC;');
    await database.query('GRANT USAGE ON SCHEMA extensions TO PUBLIC');
    await schemas.create(acme);
  });
});

describe('migrating a schema', () => {
  it('gives the role what the migration made', async () => {
    await (await service()).create(acme);
    const migrations = [CreateNotes1700000000001, CreateTags1700000000002];
    await (await service({ migrations })).migrate(acme);
    const factory = await connect({ isolation: 'role' });
    await factory.forTenant(acme).query("INSERT INTO tags (name) VALUES ('new')");
    expect(await factory.forTenant(acme).query('SELECT id, name FROM tags')).toEqual([{ id: 1, name: 'new' }]);
  });

  it('makes the role of a tenant that had none, and takes from others the rights they had without it', async () => {
    const reader = await newRole('reader', "LOGIN PASSWORD 'app' NOINHERIT");
    await (await service({ isolation: 'schema', grantTo: [reader] })).create(acme);
    const direct = await connect({ login: reader });
    await direct.system.query('SELECT * FROM t_acme.notes');
    await (await service({ grantTo: [reader] })).migrate(acme);
    await expect(direct.system.query('SELECT * FROM t_acme.notes')).rejects.toThrow('permission denied');
    const byRole = await connect({ login: reader, isolation: 'role', migrations: [], strict: true });
    expect(await byRole.forTenant(acme).query('SELECT * FROM notes')).toEqual([]);
  });

  it('is not cut off by the timeout of a tenant’s statements', async () => {
    class Slow1700000000002 implements MigrationInterface {
      name = 'Slow1700000000002';
      async up(runner: QueryRunner): Promise<void> {
        await runner.query('SELECT pg_sleep(0.1)');
      }
      async down(): Promise<void> {}
    }
    const migrations = [CreateNotes1700000000001, Slow1700000000002];
    expect((await (await service({ migrations, statementTimeout: 20 })).create(acme)).pending).toEqual([]);
  });
});

describe('another login role', () => {
  it('takes the tenant’s role on, and has nothing without it', async () => {
    const reader = await newRole('reader', "LOGIN PASSWORD 'app' NOINHERIT");
    await (await service({ grantTo: [reader] })).create(acme);
    await (await service({ grantTo: [] })).create(globex);
    const factory = await connect({ login: reader, isolation: 'role', migrations: [], strict: true });
    await factory.forTenant(acme).query("INSERT INTO notes (body) VALUES ('written')");
    expect(await factory.forTenant(acme).query('SELECT body FROM notes')).toEqual([{ body: 'written' }]);
    await expect(factory.system.query('SELECT * FROM t_acme.notes')).rejects.toThrow('permission denied');
    await expect(factory.forOwner(acme).query('SELECT * FROM t_acme.notes')).rejects.toThrow('permission denied');
    await expect(factory.forTenant(globex).query('SELECT 1')).rejects.toThrow('permission denied to set role');
  });

  it('that inherits has nothing without it either, or is refused where the server cannot see to that', async () => {
    const reader = await newRole('reader', "LOGIN PASSWORD 'app' INHERIT");
    const schemas = await service({ grantTo: [reader] });
    if (!hasGrantOptions) {
      await expect(schemas.create(acme)).rejects.toThrow(`ALTER ROLE "${reader}" NOINHERIT;`);
      return;
    }
    await schemas.create(acme);
    const factory = await connect({ login: reader, isolation: 'role', migrations: [], strict: true });
    expect(await factory.forTenant(acme).query('SELECT * FROM notes')).toEqual([]);
    await expect(factory.system.query('SELECT * FROM t_acme.notes')).rejects.toThrow('permission denied');
  });

  it('has to be there', async () => {
    await expect((await service({ grantTo: ['nobody_of_that_name'] })).create(acme)).rejects.toThrow(
      'grantTo names it',
    );
  });
});

describe('dropping a schema', () => {
  it('drops the role, with what it has open elsewhere, and can be repeated', async () => {
    const schemas = await service();
    await schemas.create(acme);
    await schemas.create(globex);
    const factory = await connect({ isolation: 'role' });
    const runner = factory.forTenant(acme).createQueryRunner();
    await runner.query('CREATE TEMP TABLE kept (id int)');
    await schemas.drop(acme);
    await schemas.drop(acme);
    expect((await marks()).map(({ name }) => name)).toEqual([roleOf('t_globex')]);
    await runner.release();
    await schemas.create(acme);
    expect(await factory.forTenant(acme).query('SELECT count(*)::int AS n FROM notes')).toEqual([{ n: 0 }]);
  });

  it('drops the role of a schema that is gone', async () => {
    const schemas = await service();
    await schemas.create(acme);
    await database.query('DROP SCHEMA t_acme CASCADE');
    await schemas.drop(acme);
    expect(await marks()).toEqual([]);
  });
});

describe('a schema whose name is as long as it may be', () => {
  it('has a role too', async () => {
    const long = defineTenant({ id: 'long', schema: `t_${'x'.repeat(61)}` });
    const schemas = await service();
    await schemas.create(long);
    const factory = await connect({ isolation: 'role' });
    expect(await factory.forTenant(long).query('SELECT current_user AS role')).toEqual([{ role: roleOf(long.schema) }]);
    await schemas.drop(long);
  });
});
