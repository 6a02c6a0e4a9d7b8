import { Module } from '@nestjs/common';
import type { TenantDatabaseOptions } from 'nestjs-tenancy';
import {
  defineTenant,
  InMemoryTenantStore,
  TenancyModule,
  tenancyErrorOf,
  TenantContext,
  TenantDatabase,
  TenantDataSourceFactory,
  TenantSchemaService,
  UnsupportedStatementError,
} from 'nestjs-tenancy';
import type { DataSource, MigrationInterface, QueryRunner } from 'typeorm';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PgBouncer } from './support/pgbouncer.js';
import { hasPgBouncer, startPgBouncer } from './support/pgbouncer.js';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';
import { useTestDatabase } from './support/test-database.js';

@Entity('messages')
class Message {
  @PrimaryGeneratedColumn() id: number;
  @Column('text') body: string;
}

class CreateMessages1700000000001 implements MigrationInterface {
  name = 'CreateMessages1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE messages (id serial PRIMARY KEY, body text NOT NULL)');
    await runner.query('CREATE VIEW bodies AS SELECT body FROM messages');
    // A body that a migration brings is the application's own, and may run what it likes.
    await runner.query(`DO $$ BEGIN PERFORM set_config('a.b', 'c', true); END $$`);
    await runner.query(`
      CREATE FUNCTION read_messages(schema text) RETURNS SETOF text LANGUAGE plpgsql
        AS $$ BEGIN RETURN QUERY EXECUTE format('SELECT body FROM %I.messages', schema); END $$`);
  }
  async down(): Promise<void> {}
}

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const initech = defineTenant({ id: 'initech', schema: 't_initech', database: 'eu' });
const database = useTestDatabase();
const eu = useTestDatabase();

const options = (isolation: 'schema' | 'role', url = database.appUrl): TenantDatabaseOptions => ({
  url,
  isolation,
  entities: [Message],
  migrations: [CreateMessages1700000000001],
  poolSize: 2,
});

@Module({
  imports: [
    TenancyModule.forRootAsync({
      useFactory: () => ({
        store: new InMemoryTenantStore([acme, globex, initech]),
        database: { default: options('role'), eu: { url: eu.appUrl } },
      }),
    }),
  ],
})
class AppModule {}

let running: RunningApp;
let factory: TenantDataSourceFactory;
let ofAcme: DataSource;

beforeAll(async () => {
  for (const { query, appRole } of [database, eu]) await query(`ALTER ROLE ${appRole} CREATEROLE`);
  running = await startApp(AppModule);
  factory = running.app.get(TenantDataSourceFactory);
  for (const tenant of [acme, globex, initech]) {
    await running.app.get(TenantSchemaService).create(tenant);
    await factory
      .forTenant(tenant)
      .getRepository(Message)
      .save({ body: `of ${tenant.id}` });
  }
  ofAcme = factory.forTenant(acme);
});
afterAll(() => running.app.close());

/** A DataSource beside the module's own, for the time of some work. */
async function withFactory(
  of: TenantDatabaseOptions,
  work: (other: TenantDataSourceFactory) => Promise<void>,
): Promise<void> {
  const other = new TenantDataSourceFactory(of, async () => acme);
  await other.initialize();
  try {
    await work(other);
  } finally {
    await other.destroy();
  }
}

const databaseName = (): string => new URL(database.url).pathname.slice(1);

describe('a tenant that has a role of its own', () => {
  it('works in its schema as before', async () => {
    const messages = ofAcme.getRepository(Message);
    const saved = await messages.save({ body: 'hello' });
    expect(await messages.findOneBy({ id: saved.id })).toEqual({ id: saved.id, body: 'hello' });
    await messages.update(saved.id, { body: 'changed' });
    expect(await ofAcme.query('SELECT body FROM bodies ORDER BY body')).toEqual([
      { body: 'changed' },
      { body: 'of acme' },
    ]);
    await messages.delete(saved.id);
    const runner = ofAcme.createQueryRunner();
    expect((await runner.getTable('messages'))?.columns.map(({ name }) => name)).toEqual(['id', 'body']);
    await runner.release();
    expect(await ofAcme.query("SELECT read_messages('t_acme') AS body")).toEqual([{ body: 'of acme' }]);
    await ofAcme.transaction(async (manager) => {
      await manager.clear(Message);
      await manager.save(Message, { body: 'of acme' });
    });
    expect(await messages.count()).toBe(1);
  });

  it('runs every statement as that role, with and without parameters, in a transaction and after it', async () => {
    const who = 'SELECT current_user AS role';
    const role = [{ role: `t_acme@${databaseName()}` }];
    expect(await ofAcme.query(who)).toEqual(role);
    expect(await ofAcme.query(`${who} WHERE 1 = $1`, [1])).toEqual(role);
    await ofAcme.transaction(async (manager) => {
      expect(await manager.query(`${who} WHERE 1 = $1`, [1])).toEqual(role);
      await manager.query('SAVEPOINT a');
      await manager.query('SELECT 1');
      await manager.query('ROLLBACK TO SAVEPOINT a');
      expect(await manager.query(who)).toEqual(role);
    });
    expect(await ofAcme.query(who)).toEqual(role);
    expect(await factory.forTenant(globex).query(who)).toEqual([{ role: `t_globex@${databaseName()}` }]);
    const context = running.app.get(TenantContext);
    expect(await context.run('acme', () => factory.dataSource.query(who))).toEqual(role);
    const sessions = running.app.get(TenantDatabase);
    expect(await sessions.session('acme', (manager) => manager.query(who))).toEqual(role);
    expect(await sessions.systemSession((manager) => manager.query(who))).toEqual([{ role: database.appRole }]);
    expect(await context.runAsSystem(() => factory.dataSource.query(who))).toEqual([{ role: database.appRole }]);
    expect(await factory.system.query(who)).toEqual([{ role: database.appRole }]);
    expect(await factory.forOwner(acme).query(who)).toEqual([{ role: database.appRole }]);
  });

  it('has its tables changed outside of a transaction by their owner alone', async () => {
    const sessions = running.app.get(TenantDatabase);
    const index = 'CREATE INDEX CONCURRENTLY by_body ON messages (body)';
    await expect(sessions.outsideTransaction('acme', (query) => query(index))).rejects.toMatchObject({ code: '42501' });
    await sessions.outsideTransaction('acme', (query) => query(index), { asOwner: true });
    expect(await database.query("SELECT schemaname FROM pg_indexes WHERE indexname = 'by_body'")).toEqual([
      { schemaname: 't_acme' },
    ]);
    await sessions.outsideTransaction('acme', (query) => query('DROP INDEX CONCURRENTLY by_body'), { asOwner: true });
  });

  it.each<[string, string, unknown[]?]>([
    ['reads', 'SELECT * FROM t_globex.messages'],
    ['reads with a parameter', 'SELECT * FROM t_globex.messages WHERE id > $1', [0]],
    ['writes', "INSERT INTO t_globex.messages (body) VALUES ('of acme')"],
    ['changes', 'UPDATE t_globex.messages SET body = $1', ['of acme']],
    ['removes', 'DELETE FROM t_globex.messages'],
    ['empties', 'TRUNCATE t_globex.messages'],
    ['copies', 'COPY t_globex.messages TO STDOUT'],
    ['counts on', "SELECT nextval('t_globex.messages_id_seq')"],
    ['locks', 'LOCK TABLE t_globex.messages'],
    ['reads through a view in', 'SELECT * FROM t_globex.bodies'],
    ['makes a view of', 'CREATE TEMP VIEW stolen AS SELECT * FROM t_globex.messages'],
    ['reads through a function of its own', "SELECT read_messages('t_globex')"],
    ['calls a function in', "SELECT t_globex.read_messages('t_globex')"],
    ['changes its role’s rights to', 'GRANT ALL ON SCHEMA t_globex TO CURRENT_USER'],
  ])('is refused by the server where it %s another tenant’s schema', async (_what, sql, values) => {
    await expect(ofAcme.query(sql, values)).rejects.toMatchObject({ driverError: { code: '42501' } });
    await expect(ofAcme.transaction((manager) => manager.query(sql, values))).rejects.toMatchObject({
      driverError: { code: '42501' },
    });
    expect(await factory.forTenant(globex).query('SELECT body FROM messages')).toEqual([{ body: 'of globex' }]);
  });

  it('finds nothing on another tenant’s path', async () => {
    const reading = ofAcme.transaction(async (manager) => {
      await manager.query('SET LOCAL search_path TO t_globex');
      await manager.query('SELECT * FROM messages');
    });
    // Older servers find no such table there; from PostgreSQL 18 on the server reports the path before it is read.
    await expect(reading).rejects.toMatchObject({ driverError: { code: /^(?:42P01|ISOLATION_VIOLATION)$/ } });
  });

  it.each([
    'CREATE TABLE t_acme.more (id int)',
    'CREATE SCHEMA more',
    'DROP TABLE messages',
    'ALTER TABLE messages ADD more int',
    'CREATE INDEX ON messages (body)',
    'CREATE TRIGGER t BEFORE INSERT ON messages EXECUTE FUNCTION read_messages()',
    "INSERT INTO migrations (timestamp, name) VALUES (1, 'never ran')",
    'DELETE FROM migrations',
    'CREATE ROLE more',
    'ALTER ROLE CURRENT_USER CREATEROLE',
    'ALTER ROLE SESSION_USER SET search_path = t_globex',
    'SELECT * FROM pg_authid',
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()',
  ])('may not make, change or own anything: %s', async (sql) => {
    await expect(ofAcme.query(sql)).rejects.toMatchObject({ driverError: { code: '42501' } });
  });

  it('runs nothing that its owner has prepared', async () => {
    await withFactory({ ...options('role'), poolSize: 1, prepare: true }, async (preparing) => {
      const read = (dataSource: DataSource) => dataSource.query('SELECT t_globex.read_messages($1)', ['t_acme']);
      for (let n = 0; n < 3; n += 1) await read(preparing.forOwner(acme));
      await expect(read(preparing.forTenant(acme))).rejects.toMatchObject({ driverError: { code: '42501' } });
    });
  });

  it('passes its role on to nobody', async () => {
    const role = `"t_acme@${databaseName()}"`;
    await expect(ofAcme.query(`GRANT ${role} TO "t_globex@${databaseName()}"`)).rejects.toMatchObject({
      driverError: { code: '42501' },
    });
    await expect(
      ofAcme.query(`ALTER DEFAULT PRIVILEGES FOR ROLE ${database.appRole} GRANT ALL ON TABLES TO PUBLIC`),
    ).rejects.toMatchObject({ driverError: { code: '42501' } });
    await ofAcme.query('GRANT SELECT ON messages TO PUBLIC');
    await expect(factory.forTenant(globex).query('SELECT * FROM t_acme.messages')).rejects.toMatchObject({
      driverError: { code: '42501' },
    });
  });

  it.each([
    'SET ROLE none',
    'SET LOCAL "role" = none',
    'RESET ROLE',
    'SET SESSION AUTHORIZATION DEFAULT',
    'DISCARD ALL',
    "SELECT set_config('role', 'none', true)",
    "DO $$ BEGIN EXECUTE 'RESET RO' || 'LE'; END $$",
    'SELECT 1; RESET ROLE; SELECT * FROM t_globex.messages',
    `EXECUTE nestjs_tenancy_bind('"t_acme", pg_temp', NULL)`,
    `EXPLAIN (ANALYZE) EXECUTE nestjs_tenancy_bind('"t_acme", pg_temp', NULL)`,
    `CREATE TEMP TABLE t AS EXECUTE nestjs_tenancy_bind('"t_acme", pg_temp', NULL)`,
    'SELECT begin atomic FROM (VALUES (1)) AS v(begin); COMMIT; SELECT * FROM t_globex.messages',
  ])('cannot leave it: %s', async (sql) => {
    await expect(ofAcme.query(sql)).rejects.toSatisfy(
      (error) => tenancyErrorOf(error) instanceof UnsupportedStatementError,
    );
    const runner = ofAcme.createQueryRunner();
    await expect(runner.stream(sql)).rejects.toBeInstanceOf(UnsupportedStatementError);
    await runner.release();
    await ofAcme.transaction(async (manager) => {
      await expect(manager.query(sql)).rejects.toThrow();
      expect(await manager.query('SELECT current_user AS role')).toEqual([{ role: `t_acme@${databaseName()}` }]);
    });
  });

  it('sends nothing that shows no text', async () => {
    const silent = { submit: () => undefined, handleError: () => undefined };
    await running.app.get(TenantContext).run('acme', async () => {
      const runner = factory.dataSource.createQueryRunner();
      await runner.startTransaction();
      const client = (await runner.connect()) as { query(submittable: object): void };
      expect(() => client.query(silent)).toThrow('What shows no text');
      await runner.release();
    });
  });

  it('cannot leave it through the view of settings', async () => {
    // What the next text would be read by: then a literal's end would be another one there than here.
    const unquoted = `SELECT '\\''; SET ROLE none; --'`;
    await ofAcme.transaction(async (manager) => {
      for (const set of [
        "name = 'role', setting = 'none'",
        "setting = 'off' WHERE name = 'standard_conforming_strings'",
      ]) {
        await expect(manager.query(`UPDATE pg_settings SET ${set}`)).rejects.toSatisfy(
          (error) => tenancyErrorOf(error) instanceof UnsupportedStatementError,
        );
      }
      await manager.query(unquoted);
      expect(await manager.query('SELECT current_user AS role')).toEqual([{ role: `t_acme@${databaseName()}` }]);
    });
  });

  it('can be kept from it by the server as well', async () => {
    const setConfig = 'FUNCTION pg_catalog.set_config(text, text, boolean)';
    await database.query(`REVOKE EXECUTE ON ${setConfig} FROM PUBLIC`);
    await database.query(`GRANT EXECUTE ON ${setConfig} TO ${database.appRole}`);
    expect(await ofAcme.query('SELECT body FROM messages WHERE id > $1', [0])).toEqual([{ body: 'of acme' }]);
    await database.query(`GRANT EXECUTE ON ${setConfig} TO PUBLIC`);
  });

  it('leaves nothing of it to the next one', async () => {
    const tenants = [acme, globex];
    const reads = Array.from({ length: 200 }, async (_, n) => {
      const tenant = tenants[n % 2];
      const rows = await factory.forTenant(tenant).query('SELECT body, current_user AS role FROM messages');
      expect(rows).toEqual([{ body: `of ${tenant.id}`, role: `${tenant.schema}@${databaseName()}` }]);
    });
    await Promise.all(reads);
    expect(await factory.system.query('SELECT count(*)::int AS n FROM t_globex.messages')).toEqual([{ n: 1 }]);
  });
});

describe('work outside of a transaction', () => {
  it('is that of the tenant’s role, and of the owner only as the system', async () => {
    const sessions = running.app.get(TenantDatabase);
    await sessions.outsideTransaction('acme', async (query) => {
      expect(await query('SELECT current_user AS role')).toEqual([{ role: `t_acme@${databaseName()}` }]);
      await expect(query('SELECT * FROM t_globex.messages')).rejects.toMatchObject({ code: '42501' });
      await expect(query('RESET ROLE; SELECT * FROM t_globex.messages')).rejects.toThrow(UnsupportedStatementError);
      const index = 'CREATE INDEX CONCURRENTLY by_body ON messages (body)';
      await expect(query(index)).rejects.toMatchObject({ code: '42501' });
    });
    await running.app
      .get(TenantContext)
      .runAsSystem(() =>
        sessions.outsideTransaction((query) => query('CREATE INDEX CONCURRENTLY by_body ON t_acme.messages (body)')),
      );
  });
});

describe('a tenant on another server', () => {
  it('has a role of the database there', async () => {
    const role = `t_initech@${new URL(eu.url).pathname.slice(1)}`;
    const [found] = await factory.forTenant(initech).query('SELECT current_user AS role, body FROM messages');
    expect(found).toEqual({ role, body: 'of initech' });
    expect(await factory.systemOf('eu').query('SELECT current_user AS role')).toEqual([{ role: eu.appRole }]);
  });
});

describe('a tenant that has a schema only', () => {
  it('reaches another tenant’s where a statement names it and the login role owns both', async () => {
    await withFactory(options('schema'), async (bySchema) => {
      const rows = await bySchema.forTenant(acme).query('SELECT body FROM t_globex.messages');
      expect(rows).toEqual([{ body: 'of globex' }]);
    });
  });
});

describe('a tenant whose role is not there', () => {
  it('reads nothing', async () => {
    const hooli = defineTenant({ id: 'hooli', schema: 't_hooli' });
    await database.query('CREATE TABLE public.shown (id int)');
    await database.query('GRANT SELECT ON public.shown TO PUBLIC');
    await expect(factory.forTenant(hooli).query('SELECT * FROM public.shown')).rejects.toThrow(
      `role "t_hooli@${databaseName()}" does not exist`,
    );
  });
});

describe.skipIf(!hasPgBouncer)('roles behind PgBouncer in transaction mode, with one server connection', () => {
  let pooler: PgBouncer;
  beforeAll(async () => {
    pooler = await startPgBouncer(database.appUrl, 1);
  });
  afterAll(() => pooler.stop());

  it('are each tenant’s own', async () => {
    const tenants = [acme, globex];
    await withFactory(options('role', pooler.url), async (pooled) => {
      await Promise.all(
        Array.from({ length: 200 }, async (_, n) => {
          const [own, other] = [tenants[n % 2], tenants[(n + 1) % 2]];
          const view = pooled.forTenant(own);
          const role = `${own.schema}@${databaseName()}`;
          expect(await view.query('SELECT current_user AS role')).toEqual([{ role }]);
          await expect(view.query(`SELECT * FROM ${other.schema}.messages`)).rejects.toThrow('permission denied');
        }),
      );
      expect(await pooled.system.query('SELECT current_user AS role')).toEqual([{ role: database.appRole }]);
    });
  });
});
