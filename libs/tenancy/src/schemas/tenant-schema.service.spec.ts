import type { MigrationInterface, QueryRunner } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import { TenantDataSourceFactory } from '../database/tenant-data-source.factory.js';
import { TenantSchemaError } from '../tenancy.errors.js';
import { defineTenant } from '../tenants/tenant.js';
import { TenantSchemaService } from './tenant-schema.service.js';

class CreateNotes1700000000001 implements MigrationInterface {
  name = 'CreateNotes1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)');
  }
  async down(): Promise<void> {}
}

class AddAuthor1700000000002 implements MigrationInterface {
  name = 'AddAuthor1700000000002';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query("ALTER TABLE notes ADD author text NOT NULL DEFAULT 'nobody'");
  }
  async down(): Promise<void> {}
}

class Fail1700000000003 implements MigrationInterface {
  name = 'Fail1700000000003';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE half (id int)');
    await runner.query('SELECT * FROM there_is_no_such_table');
  }
  async down(): Promise<void> {}
}

const acme = defineTenant({ id: 'acme', schema: 't_acme', status: 'provisioning' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const database = useTestDatabase();
const open: TenantDataSourceFactory[] = [];

async function service(
  migrations: Array<new () => MigrationInterface>,
  grantTo?: string[],
): Promise<TenantSchemaService> {
  const factory = new TenantDataSourceFactory({ url: database.appUrl, migrations, poolSize: 4 }, async () => acme);
  await factory.initialize();
  open.push(factory);
  return new TenantSchemaService(factory.dataSource, (tenant) => factory.forTenant(tenant), grantTo);
}

const tables = async (schema: string): Promise<string[]> =>
  (
    await database.query<{ name: string }>('SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1', [
      schema,
    ])
  ).map(({ name }) => name);

beforeEach(async () => {
  await database.query('DROP SCHEMA IF EXISTS t_acme, t_globex CASCADE');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((factory) => factory.destroy()));
});

describe('creating a schema', () => {
  it('runs every migration in it, and nothing elsewhere', async () => {
    const schemas = await service([CreateNotes1700000000001, AddAuthor1700000000002]);
    expect(await schemas.create(acme)).toEqual({
      schema: 't_acme',
      exists: true,
      executed: ['CreateNotes1700000000001', 'AddAuthor1700000000002'],
      pending: [],
    });
    expect(await tables('t_acme')).toEqual(['migrations', 'notes']);
    expect(await tables('public')).toEqual([]);
  });

  it('runs the migrations of each tenant, though another one has them', async () => {
    const schemas = await service([CreateNotes1700000000001]);
    await schemas.create(acme);
    await schemas.create(globex);
    expect(await tables('t_globex')).toEqual(['migrations', 'notes']);
  });

  it('can be repeated', async () => {
    const schemas = await service([CreateNotes1700000000001]);
    await schemas.create(acme);
    await database.query("INSERT INTO t_acme.notes (body) VALUES ('kept')");
    await schemas.create(acme);
    expect(await database.query('SELECT body FROM t_acme.notes')).toEqual([{ body: 'kept' }]);
  });

  it('leaves nothing where a migration fails, and works once it is mended', async () => {
    const broken = await service([CreateNotes1700000000001, Fail1700000000003]);
    await expect(broken.create(acme)).rejects.toThrow('there_is_no_such_table');
    expect(await database.query("SELECT 1 FROM pg_namespace WHERE nspname = 't_acme'")).toEqual([]);
    const mended = await service([CreateNotes1700000000001]);
    expect((await mended.create(acme)).pending).toEqual([]);
  });

  it('refuses a schema that was not made for this tenant', async () => {
    await database.query('CREATE SCHEMA t_acme');
    await database.query('CREATE TABLE t_acme.notes (secret text)');
    const schemas = await service([CreateNotes1700000000001]);
    await expect(schemas.create(acme)).rejects.toThrow(TenantSchemaError);
    await expect(schemas.drop(acme)).rejects.toThrow(TenantSchemaError);
    const heir = defineTenant({ id: 'heir', schema: 't_globex' });
    await schemas.create(globex);
    await expect(schemas.create(heir)).rejects.toThrow('was not made for tenant heir');
  });

  it('is done once by ten at once', async () => {
    const [first, second] = [await service([CreateNotes1700000000001]), await service([CreateNotes1700000000001])];
    const all = await Promise.all(Array.from({ length: 10 }, (_, n) => (n % 2 ? first : second).create(acme)));
    expect(all.every(({ executed }) => executed.length === 1)).toBe(true);
    expect(await database.query('SELECT count(*)::int AS n FROM t_acme.migrations')).toEqual([{ n: 1 }]);
  });

  it('lets another role read and write, and no more', async () => {
    const reader = `${database.appRole}_reader`;
    await database.query(`CREATE ROLE ${reader}`);
    await (await service([CreateNotes1700000000001], [reader])).create(acme);
    const [rights] = await database.query(
      `SELECT has_schema_privilege($1, 't_acme', 'USAGE') AS uses, has_schema_privilege($1, 't_acme', 'CREATE') AS creates,
              has_table_privilege($1, 't_acme.notes', 'INSERT') AS writes,
              has_sequence_privilege($1, 't_acme.notes_id_seq', 'USAGE') AS counts`,
      [reader],
    );
    expect(rights).toEqual({ uses: true, creates: false, writes: true, counts: true });
    await database.query('DROP SCHEMA t_acme CASCADE');
    await database.query(`DROP ROLE ${reader}`);
  });
});

describe('migrating a schema', () => {
  it('runs what is pending, and all or nothing of it', async () => {
    await (await service([CreateNotes1700000000001])).create(acme);
    const broken = await service([CreateNotes1700000000001, AddAuthor1700000000002, Fail1700000000003]);
    await expect(broken.migrate(acme)).rejects.toThrow('there_is_no_such_table');
    expect(await broken.status(acme)).toEqual({
      schema: 't_acme',
      exists: true,
      executed: ['CreateNotes1700000000001'],
      pending: ['AddAuthor1700000000002', 'Fail1700000000003'],
    });
    expect((await (await service([CreateNotes1700000000001, AddAuthor1700000000002])).migrate(acme)).pending).toEqual(
      [],
    );
  });

  it('says so where the schema is missing', async () => {
    await expect((await service([CreateNotes1700000000001])).migrate(acme)).rejects.toThrow('Create it first');
  });
});

describe('dropping a schema', () => {
  it('takes all that is in it, and can be repeated', async () => {
    const schemas = await service([CreateNotes1700000000001]);
    await schemas.create(acme);
    await schemas.drop(acme);
    await schemas.drop(acme);
    expect(await schemas.status(acme)).toMatchObject({
      exists: false,
      executed: [],
      pending: ['CreateNotes1700000000001'],
    });
  });
});
