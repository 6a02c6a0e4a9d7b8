import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TenancyModuleOptions } from 'nestjs-tenancy';
import {
  defineTenant,
  InMemoryTenantStore,
  TenancyModule,
  TenancyOptionsError,
  TenantContext,
  TenantDatabase,
  TenantDatabaseUnknownError,
  TenantDataSourceFactory,
  TenantMismatchError,
  TenantSchemaService,
} from 'nestjs-tenancy';
import { Test } from '@nestjs/testing';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedPostgres } from '../apps/sandbox/src/embedded-postgres.js';
import { startEmbeddedPostgres } from '../apps/sandbox/src/embedded-postgres.js';
import { useTestDatabase } from './support/test-database.js';

@Entity('notes')
class Note {
  @PrimaryGeneratedColumn() id: number;
  @Column('text') body: string;
}

class CreateNotes1700000000001 implements MigrationInterface {
  name = 'CreateNotes1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)');
  }
  async down(): Promise<void> {}
}

type Database = NonNullable<TenancyModuleOptions['database']>;

const common = { entities: [Note], migrations: [CreateNotes1700000000001] };
const acme = defineTenant({ id: 'acme', schema: 't_acme' });
// The same schema on another server: whatever goes to the wrong one finds tables there.
const globex = defineTenant({ id: 'globex', schema: 't_acme', database: 'eu' });
const lost = defineTenant({ id: 'lost', schema: 't_acme', database: 'mars' });

const main = useTestDatabase();
const eu = useTestDatabase();

async function start(database: Database) {
  const tenancy = TenancyModule.forRoot({ store: new InMemoryTenantStore([acme, globex, lost]), database });
  const module = await Test.createTestingModule({ imports: [tenancy] }).compile();
  module.enableShutdownHooks();
  return module;
}

describe('tenants on two servers', () => {
  let app: Awaited<ReturnType<typeof start>>;
  let context: TenantContext;
  let dataSource: DataSource;
  let factory: TenantDataSourceFactory;

  beforeAll(async () => {
    app = await start({ default: { url: main.appUrl, poolSize: 2, ...common }, eu: { url: eu.appUrl } });
    context = app.get(TenantContext);
    dataSource = app.get(DataSource);
    factory = app.get(TenantDataSourceFactory);
    for (const tenant of [acme, globex]) await app.get(TenantSchemaService).create(tenant);
  });
  afterAll(() => app.close());

  const notes = async () => (await dataSource.getRepository(Note).find()).map(({ body }) => body);
  const databaseNow = async () => (await dataSource.query('SELECT current_database() AS name'))[0].name as string;
  const nameOf = ({ url }: { url: string }) => new URL(url).pathname.slice(1);

  it('each have their rows where they are placed, and nowhere else', async () => {
    for (const id of ['acme', 'globex']) {
      await context.run(id, () => dataSource.getRepository(Note).save({ body: `of ${id}` }));
    }

    expect(await context.run('acme', notes)).toEqual(['of acme']);
    expect(await context.run('globex', notes)).toEqual(['of globex']);
    expect(await main.query('SELECT body FROM t_acme.notes')).toEqual([{ body: 'of acme' }]);
    expect(await eu.query('SELECT body FROM t_acme.notes')).toEqual([{ body: 'of globex' }]);
  });

  it('are told apart when they work at the same time, on one pool each', async () => {
    const names = await Promise.all(
      Array.from({ length: 200 }, (_, n) => context.run(n % 2 === 0 ? acme : globex, databaseNow)),
    );

    expect(names).toEqual(Array.from({ length: 200 }, (_, n) => nameOf(n % 2 === 0 ? main : eu)));
    for (const { query, appRole } of [main, eu]) {
      const [{ count }] = (await query<{ count: number }>(
        'SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = $1',
        [appRole],
      )) as [{ count: number }];
      expect(count).toBeLessThanOrEqual(2);
    }
  });

  it('work in transactions, streams and sessions there', async () => {
    await context.run('globex', async () => {
      expect(await dataSource.transaction((manager) => manager.query('SELECT current_database() AS name'))).toEqual([
        { name: nameOf(eu) },
      ]);
      const stream = await dataSource
        .createQueryBuilder()
        .select('current_database()', 'name')
        .from('notes', 'n')
        .stream();
      for await (const row of stream) expect(row).toEqual({ name: nameOf(eu) });
    });
    expect(await context.run('acme', () => app.get(TenantDatabase).session('globex', databaseNow))).toBe(nameOf(eu));
    expect(
      await context.run('acme', () => factory.forTenant(globex).query('SELECT current_database() AS name')),
    ).toEqual([{ name: nameOf(eu) }]);
  });

  it('have their schemas made, looked at and dropped there', async () => {
    const schemas = app.get(TenantSchemaService);
    const initech = defineTenant({ id: 'initech', schema: 't_initech', database: 'eu' });
    const found = "SELECT schemaname FROM pg_tables WHERE schemaname = 't_initech' AND tablename = 'notes'";

    expect(await schemas.create(initech)).toMatchObject({ exists: true, pending: [] });
    expect(await schemas.status(initech)).toMatchObject({ exists: true, executed: ['CreateNotes1700000000001'] });
    expect(await schemas.status(defineTenant({ ...initech, database: 'default' }))).toMatchObject({ exists: false });
    expect(await main.query(found)).toEqual([]);
    expect(await eu.query(found)).toHaveLength(1);

    await schemas.drop(initech);
    expect(await eu.query(found)).toEqual([]);
  });

  it('are refused on a server that nobody named, before anything is sent', async () => {
    const reading = context.run('lost', notes);
    await expect(reading).rejects.toThrow(TenantDatabaseUnknownError);
    await expect(reading).rejects.toMatchObject({
      code: 'TENANT_DATABASE_UNKNOWN',
      tenantId: 'lost',
      database: 'mars',
    });
    await expect(reading).rejects.toThrow('names default, eu');
    await expect(app.get(TenantSchemaService).create(lost)).rejects.toThrow(TenantDatabaseUnknownError);
    await expect(factory.forTenant(lost).query('SELECT 1')).rejects.toThrow(TenantDatabaseUnknownError);
  });

  it('cannot use a connection to the server that they were moved from', async () => {
    const moved = defineTenant({ ...acme, database: 'eu' });
    const runner = dataSource.createQueryRunner();
    await context.run(acme, () => runner.connect());

    await expect(context.run(moved, () => runner.query('SELECT 1'))).rejects.toMatchObject({
      driverError: expect.any(TenantMismatchError),
    });
    await runner.release();
  });

  it('cannot store what was loaded on the server that they were moved from', async () => {
    const moved = defineTenant({ ...acme, database: 'eu' });
    const [note] = await context.run(acme, () => dataSource.getRepository(Note).find());

    await expect(context.run(moved, () => dataSource.getRepository(Note).save(note))).rejects.toThrow(
      TenantMismatchError,
    );
  });

  it('leave the system on the default server, and on another one that is named', async () => {
    expect(await context.run('globex', () => context.runAsSystem(databaseNow))).toBe(nameOf(main));
    expect(await app.get(TenantDatabase).systemSession(databaseNow)).toBe(nameOf(main));
    const here = 'SELECT current_database() AS name, current_schema() AS schema';
    expect(await factory.system.query(here)).toEqual([{ name: nameOf(main), schema: 'public' }]);
    expect(await context.run('acme', () => factory.systemOf('eu').query(here))).toEqual([
      { name: nameOf(eu), schema: 'public' },
    ]);
    expect(() => factory.systemOf('mars')).toThrow(TenantDatabaseUnknownError);
  });
});

describe('one server', () => {
  it('is not taken for the one that a tenant is placed on by name', async () => {
    const factory = new TenantDataSourceFactory({ url: main.appUrl, ...common }, async () => globex);
    await factory.initialize();
    try {
      await expect(factory.forTenant(globex).query('SELECT 1')).rejects.toThrow(TenantDatabaseUnknownError);
      const placed = defineTenant({ ...acme, database: 'default' });
      expect(await factory.forTenant(placed).query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      await factory.destroy();
    }
  });
});

describe('a start', () => {
  const open = async (database: Database): Promise<void> => {
    const factory = new TenantDataSourceFactory(database, async () => acme);
    try {
      await factory.initialize();
    } finally {
      await factory.destroy();
    }
  };

  it('names the server that cannot be reached, and leaves no connection to the others', async () => {
    const opening = open({ default: { url: main.appUrl }, eu: { url: 'postgres://127.0.0.1:1/nothing' } });
    await expect(opening).rejects.toThrow(TenancyOptionsError);
    await expect(opening).rejects.toThrow(/The database server eu cannot be reached: connect ECONNREFUSED/);
    const left = () => main.query('SELECT 1 FROM pg_stat_activity WHERE usename = $1', [main.appRole]);
    await expect.poll(left).toEqual([]);
  });

  it('names the server whose login role could reach around the binding', async () => {
    await expect(open({ default: { url: main.appUrl, strict: true }, eu: { url: eu.url } })).rejects.toThrow(
      /^The database server eu: The database role .* is a superuser/,
    );
  });

  it('works again after an end', async () => {
    const factory = new TenantDataSourceFactory(
      { default: { url: main.appUrl }, eu: { url: eu.appUrl } },
      async () => acme,
    );
    for (const _time of [1, 2]) {
      await factory.initialize();
      expect(await factory.systemOf('eu').query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await factory.destroy();
    }
  });
});

describe('servers of two versions', () => {
  let other: EmbeddedPostgres;
  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-test-'));
    other = await startEmbeddedPostgres({ directory, persistent: false, durable: false });
  });
  afterAll(() => other.stop());

  it('serve the same entities', async () => {
    const app = await start({ default: { url: main.appUrl, ...common }, eu: { url: other.url } });
    const factory = app.get(TenantDataSourceFactory);
    await app.get(TenantSchemaService).create(globex);
    const notes = factory.forTenant(globex).getRepository(Note);
    await notes.save({ body: 'far away' });

    expect(await notes.find()).toEqual([{ id: 1, body: 'far away' }]);
    const port = await factory.systemOf('eu').query("SELECT current_setting('port')::int AS port");
    expect(port).toEqual([{ port: other.port }]);
    await app.close();
  });
});
