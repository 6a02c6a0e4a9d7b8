import { setTimeout as delay } from 'node:timers/promises';
import { defineTenant, TenantDataSourceFactory, TenantSchemaService, UnsupportedStatementError } from 'nestjs-tenancy';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PgBouncer } from './support/pgbouncer.js';
import { hasPgBouncer, startPgBouncer } from './support/pgbouncer.js';
import { useTestDatabase } from './support/test-database.js';

const WORKERS = 16;
const tenants = [
  defineTenant({ id: 'acme', schema: 't_acme' }),
  defineTenant({ id: 'globex', schema: 't_globex' }),
] as const;

class CreateDrafts1700000000001 implements MigrationInterface {
  name = 'CreateDrafts1700000000001';
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE TABLE drafts (id serial PRIMARY KEY)');
    await runner.query("DO $$ BEGIN EXECUTE 'CREATE INDEX ON drafts (id)'; END $$");
  }
  async down(): Promise<void> {}
}

describe.skipIf(!hasPgBouncer)('behind PgBouncer in transaction mode, with one server connection', () => {
  const database = useTestDatabase();
  let pooler: PgBouncer;

  beforeAll(async () => {
    for (const { id, schema } of tenants) {
      await database.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${database.appRole}`);
      await database.query(`CREATE TABLE ${schema}.owners AS SELECT '${id}' AS name`);
      await database.query(`ALTER TABLE ${schema}.owners OWNER TO ${database.appRole}`);
    }
    pooler = await startPgBouncer(database.appUrl, 1);
  });
  afterAll(() => pooler.stop());

  /** Reads as both tenants from many sides at once; counts the reads that failed or found the other one. */
  async function wrongReads(
    reads: number,
    read: (tenant: (typeof tenants)[number]) => Promise<string>,
  ): Promise<number> {
    let left = reads;
    let wrong = 0;
    await Promise.all(
      Array.from({ length: WORKERS }, async () => {
        while (left-- > 0) {
          const tenant = tenants[left % 2];
          const found = await read(tenant).catch((error: Error) => error.message);
          if (found !== tenant.id) wrong += 1;
        }
      }),
    );
    return wrong;
  }

  it('every read and every transaction is the tenant’s own', async () => {
    const factory = new TenantDataSourceFactory({ url: pooler.url, poolSize: 8 }, async () => tenants[0]);
    await factory.initialize();
    try {
      const views = new Map(tenants.map((tenant) => [tenant, factory.forTenant(tenant)]));
      const first = ([{ name }]: Array<{ name: string }>) => name;
      const texts = [['SELECT name FROM owners'], ['SELECT name FROM owners WHERE name <> $1', ['nobody']]] as const;
      for (const [text, values] of texts) {
        const wrong = await wrongReads(5_000, async (tenant) =>
          first(await views.get(tenant)!.query(text, values && [...values])),
        );
        expect(wrong).toBe(0);
      }
      const wrong = await wrongReads(2_000, (tenant) =>
        views.get(tenant)!.transaction(async (manager) => {
          await manager.query('SELECT 1');
          return first(await manager.query('SELECT name FROM owners WHERE name <> $1', ['nobody']));
        }),
      );
      expect(wrong).toBe(0);
    } finally {
      await factory.destroy();
    }
  });

  it('a statement that nobody waits for is cancelled at the server', async () => {
    const factory = new TenantDataSourceFactory({ url: pooler.url, poolSize: 2 }, async () => tenants[0]);
    await factory.initialize();
    try {
      const runner = factory.forTenant(tenants[0]).createQueryRunner();
      const failed = expect(runner.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
      const running = "SELECT FROM pg_stat_activity WHERE state = 'active' AND usename = $1 AND query LIKE '%sleep%'";
      while ((await database.query(running, [database.appRole])).length === 0) await delay(10);
      await runner.release();
      await failed;
      // There is but one server connection: it would not answer while the statement goes on.
      const [{ name }] = await factory.forTenant(tenants[1]).query('SELECT name FROM owners');
      expect(name).toBe('globex');
    } finally {
      await factory.destroy();
    }
  });

  it('what would stay in a session that is anybody’s is refused, and what only might is sent', async () => {
    const factory = new TenantDataSourceFactory(
      { url: pooler.url, migrations: [CreateDrafts1700000000001] },
      async () => tenants[0],
    );
    await factory.initialize();
    try {
      const acme = factory.forTenant(tenants[0]);
      for (const sql of [
        "SET app.who = 'acme'",
        'LISTEN news',
        'SELECT pg_advisory_lock(1)',
        'CREATE TEMP TABLE t ()',
      ]) {
        await expect(acme.query(sql)).rejects.toMatchObject({ driverError: expect.any(UnsupportedStatementError) });
      }
      await acme.query('DO $$ BEGIN PERFORM 1; END $$');
      await acme.transaction(async (manager) => {
        await manager.query("SET LOCAL app.who = 'acme'");
        await manager.query('CREATE TEMP TABLE drafts (id int) ON COMMIT DROP');
        expect(await manager.query("SELECT current_setting('app.who') AS who")).toEqual([{ who: 'acme' }]);
      });

      const initech = defineTenant({ id: 'initech', schema: 't_initech' });
      const schemas = new TenantSchemaService(factory.dataSource, (tenant) => factory.forTenant(tenant));
      expect(await schemas.create(initech)).toMatchObject({ executed: ['CreateDrafts1700000000001'], pending: [] });
    } finally {
      await factory.destroy();
    }
  });

  it('a session’s own SET reads the other tenant’s rows', async () => {
    const handWritten = new DataSource({ type: 'postgres', url: pooler.url, poolSize: 8 });
    await handWritten.initialize();
    try {
      const wrong = await wrongReads(1_000, async ({ schema }) => {
        const runner = handWritten.createQueryRunner();
        try {
          await runner.query(`SET search_path TO ${schema}`);
          return (await runner.query('SELECT name FROM owners'))[0].name as string;
        } finally {
          await runner.release();
        }
      });
      expect(wrong).toBeGreaterThan(0);
    } finally {
      await handWritten.destroy();
    }
  });
});
