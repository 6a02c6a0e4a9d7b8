import type { TenantMigrationEvent } from 'nestjs-tenancy';
import { beforeEach, describe, expect, it } from 'vitest';
import { migration, tenantInits, useFleets } from '../../../../../test/support/tenant-fleet.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import type { Logger } from 'typeorm';
import { storeWrites } from './stored-writes.js';

const CreateNotes = migration(
  'CreateNotes1700000000001',
  ['CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)'],
  { down: ['DROP TABLE notes'] },
);
const AddAuthor = migration(
  'AddAuthor1700000000002',
  [
    "ALTER TABLE notes ADD author text NOT NULL DEFAULT 'nobody' -- whoever wrote it",
    'CREATE INDEX notes_author ON notes (author);',
  ],
  { down: ['ALTER TABLE notes DROP author'] },
);
const UniqueBody = migration('UniqueBody1700000000003', ['ALTER TABLE notes ADD CONSTRAINT notes_body UNIQUE (body)'], {
  down: ['ALTER TABLE notes DROP CONSTRAINT notes_body'],
});

const database = useTestDatabase();
const start = useFleets();

const executed = async (schema: string) =>
  (await database.query<{ name: string }>(`SELECT name FROM ${schema}.migrations ORDER BY id`)).map(({ name }) => name);

beforeEach(async () => {
  const schemas = await database.query<{ nspname: string }>(
    `SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%' OR nspname LIKE 'tenancy%'`,
  );
  for (const { nspname } of schemas) await database.query(`DROP SCHEMA ${nspname} CASCADE`);
});

/** Tenants in whose schemas the first migration ran, and an application that has more. */
async function behind(count: number, more = [AddAuthor, UniqueBody], options = {}) {
  const first = await start(tenantInits(count), { url: database.appUrl, migrations: [CreateNotes] });
  for (const tenant of first.tenants) await first.schemas.create(tenant);
  return start(tenantInits(count), { url: database.appUrl, migrations: [CreateNotes, ...more], ...options });
}

describe('migrating all tenants', () => {
  it.each([true, false])('runs what is pending for each, replayed: %s', async (replay) => {
    const { migrations } = await behind(8);
    const events: TenantMigrationEvent[] = [];
    const report = await migrations.migrate({ replay, canary: 2, onEvent: (event) => events.push(event) });

    expect(report).toMatchObject({ isComplete: true, counts: { migrated: 8, failed: 0 }, notReplayed: [] });
    expect(report.results.map((result) => result.replayed)).toEqual(Array(8).fill(replay));
    expect(report.results[0]).toMatchObject({
      tenantId: 'acme',
      schema: 't_acme',
      database: 'default',
      migrations: ['AddAuthor1700000000002', 'UniqueBody1700000000003'],
    });
    expect(await executed('t_globex')).toEqual([
      'CreateNotes1700000000001',
      'AddAuthor1700000000002',
      'UniqueBody1700000000003',
    ]);
    expect(events[0]).toEqual({ type: 'planned', tenants: 8, todo: 8, canary: 2 });
    const finished = events.filter((event) => event.type === 'finished');
    expect(finished.map(({ done, isCanary }) => [done, isCanary])).toEqual(
      [1, 2, 3, 4, 5, 6, 7, 8].map((done) => [done, done <= 2]),
    );
    expect((await migrations.drift()).drifted).toEqual([]);
  });

  it('leaves those alone that have nothing pending, and touches none that is missing or not this tenant’s', async () => {
    const { migrations, schemas, tenants } = await behind(4);
    await schemas.migrate(tenants[0]);
    await database.query('DROP SCHEMA t_globex CASCADE');
    await database.query("COMMENT ON SCHEMA t_other3 IS 'tenant somebody'");
    const report = await migrations.migrate();

    expect(report.results.map(({ outcome }) => outcome)).toEqual(['current', 'missing', 'foreign', 'migrated']);
    expect(report.isComplete).toBe(false);
    expect(await executed('t_other3')).toEqual(['CreateNotes1700000000001']);
    expect((await migrations.status()).map(({ state, version }) => [state, version])).toEqual([
      ['current', 'UniqueBody1700000000003'],
      ['missing', undefined],
      ['foreign', undefined],
      ['current', 'UniqueBody1700000000003'],
    ]);
  });

  it.each([
    [100, true],
    [6, false],
  ])(
    'names the one tenant of %i whose data is in the way, and finishes it once that is mended, replay: %s',
    async (count, replay) => {
      const { migrations } = await behind(count);
      await database.query("INSERT INTO t_globex.notes (body) VALUES ('same'), ('same')");
      const report = await migrations.migrate({ replay });

      expect(report.counts).toMatchObject({ migrated: count - 1, failed: 1 });
      const [failed] = report.results.filter(({ outcome }) => outcome === 'failed');
      expect(failed).toMatchObject({
        tenantId: 'globex',
        migrations: [],
        error: { code: 'TENANT_MIGRATION_FAILED', sqlState: '23505', migration: 'UniqueBody1700000000003' },
      });
      expect(failed.error?.message).toContain('"globex" (t_globex), migration UniqueBody1700000000003');
      expect(await executed('t_globex')).toEqual(['CreateNotes1700000000001']);

      await database.query('DELETE FROM t_globex.notes WHERE id = 1');
      expect(await migrations.migrate({ replay })).toMatchObject({
        counts: { migrated: 1, current: count - 1 },
        isComplete: true,
      });
    },
  );

  it('waits once, at the end, until all that was replayed is on disk', async () => {
    const sent: string[] = [];
    const nothing = () => undefined;
    const logger: Logger = {
      logQuery: (sql) => void sent.push(sql),
      logQueryError: nothing,
      logQuerySlow: nothing,
      logSchemaBuild: nothing,
      logMigration: nothing,
      log: nothing,
    };
    // The server of the tests waits for no disk by itself.
    const extra = { options: '-c synchronous_commit=on' };
    const { migrations, factory } = await behind(8, undefined, { logger, logging: ['query'], extra });
    sent.length = 0;
    await migrations.migrate();
    expect(sent.filter((sql) => sql.startsWith('SET LOCAL synchronous_commit TO off'))).toHaveLength(8);
    expect(sent.at(-1)).toContain('pg_logical_emit_message');

    // What is told of no transaction waits for no disk.
    const [{ written }] = await database.query<{ written: string }>(
      "SELECT pg_logical_emit_message(false, 'test', repeat('x', 100)) AS written",
    );
    await storeWrites(factory.system);
    const [{ is }] = await database.query<{ is: boolean }>(`SELECT pg_current_wal_flush_lsn() >= '${written}' AS is`);
    expect(is).toBe(true);
  });

  it('touches nobody else where the canary fails', async () => {
    const { migrations } = await behind(4);
    await database.query("INSERT INTO t_acme.notes (body) VALUES ('same'), ('same')");
    const report = await migrations.migrate({ canary: 1 });

    expect(report).toMatchObject({ ended: 'canary', isComplete: false, counts: { failed: 1, skipped: 3 } });
    expect(await executed('t_globex')).toEqual(['CreateNotes1700000000001']);
  });

  it('ends at the first failure where it is told to', async () => {
    const { migrations } = await behind(5);
    await database.query("INSERT INTO t_globex.notes (body) VALUES ('same'), ('same')");
    const report = await migrations.migrate({ onError: 'stop', concurrency: 1 });

    expect(report.ended).toBe('error');
    expect(report.results.map(({ outcome }) => outcome)).toEqual([
      'migrated',
      'failed',
      'skipped',
      'skipped',
      'skipped',
    ]);
  });

  it('can be stopped, and goes on from there', async () => {
    const { migrations } = await behind(5);
    const stop = new AbortController();
    const report = await migrations.migrate({
      concurrency: 1,
      signal: stop.signal,
      onEvent: (event) => {
        if (event.type === 'finished' && event.done === 2) stop.abort();
      },
    });

    expect(report).toMatchObject({ ended: 'signal', isComplete: false, counts: { migrated: 2, skipped: 3 } });
    expect((await migrations.migrate()).counts).toMatchObject({ migrated: 3, current: 2 });
  });

  it.each([true, false])('runs no migration twice where two do it at once, replay: %s', async (replay) => {
    // Nothing in it that fails the second time.
    const Count = migration('Count1700000000004', ['INSERT INTO notes (body) VALUES (gen_random_uuid()::text)']);
    const [one, two] = [
      await behind(12, [Count]),
      await start(tenantInits(12), { url: database.appUrl, migrations: [CreateNotes, Count] }),
    ];
    const reports = await Promise.all([one, two].map(({ migrations }) => migrations.migrate({ replay, canary: 0 })));

    expect(reports.map(({ isComplete }) => isComplete)).toEqual([true, true]);
    for (const { schema } of one.tenants) {
      expect(await database.query(`SELECT count(*)::int AS n FROM ${schema}.notes`)).toEqual([{ n: 1 }]);
      expect(await executed(schema)).toHaveLength(2);
    }
    const ran = reports.flatMap(({ results }) => results.filter(({ outcome }) => outcome === 'migrated'));
    expect(ran.map(({ tenantId }) => tenantId).sort()).toEqual(one.tenants.map(({ id }) => id).sort());
  });

  it('does not wait for a lock for longer than it is told', async () => {
    const { migrations, factory, tenants } = await behind(2);
    await factory.forTenant(tenants[1]).transaction(async (manager) => {
      await manager.query('SELECT * FROM notes');
      const report = await migrations.migrate({ lockTimeout: 100 });
      expect(report.results.map(({ outcome }) => outcome)).toEqual(['migrated', 'failed']);
      expect(report.results[1].error).toMatchObject({ sqlState: '55P03', migration: 'AddAuthor1700000000002' });
    });
  });

  it('works on the tenants that it is told, by id or as they are', async () => {
    const { migrations, tenants } = await behind(3);
    const report = await migrations.migrate({ tenants: ['globex', tenants[2], 'globex'] });
    expect(report.results.map(({ tenantId, outcome }) => [tenantId, outcome])).toEqual([
      ['globex', 'migrated'],
      ['other3', 'migrated'],
    ]);
    await expect(migrations.migrate({ tenants: ['nobody'] })).rejects.toThrow('There is no tenant "nobody"');
    await expect(migrations.migrate({ concurrency: 0 })).rejects.toMatchObject({ code: 'TENANCY_OPTIONS_INVALID' });
  });
});

describe('a transaction for each migration', () => {
  const Fail = migration('Fail1700000000003', ['SELECT * FROM there_is_no_such_table']);

  it('keeps what ran before the one that fails', async () => {
    const { migrations } = await behind(5, [AddAuthor, Fail]);
    const report = await migrations.migrate({ transaction: 'each', canary: 0 });

    expect(report.counts.failed).toBe(5);
    expect(report.results[0]).toMatchObject({
      migrations: ['AddAuthor1700000000002'],
      error: { migration: 'Fail1700000000003', sqlState: '42P01' },
    });
    expect(await executed('t_acme')).toEqual(['CreateNotes1700000000001', 'AddAuthor1700000000002']);
  });

  it('is what `migrationsTransactionMode` says, and can be replayed', async () => {
    const { migrations } = await behind(5, [AddAuthor, UniqueBody], { migrationsTransactionMode: 'each' });
    await database.query("INSERT INTO t_globex.notes (body) VALUES ('same'), ('same')");
    const report = await migrations.migrate();

    expect(report.counts).toMatchObject({ migrated: 4, failed: 1 });
    expect(report.results.filter(({ replayed }) => replayed)).toHaveLength(4);
    expect(await executed('t_globex')).toEqual(['CreateNotes1700000000001', 'AddAuthor1700000000002']);
  });
});

describe('a migration without a transaction', () => {
  const Concurrently = migration(
    'Concurrently1700000000003',
    ['CREATE INDEX CONCURRENTLY notes_body ON notes (body)', 'ALTER TABLE notes ADD extra text'],
    { transaction: false, down: ['DROP INDEX CONCURRENTLY notes_body', 'ALTER TABLE notes DROP extra'] },
  );

  it('may make an index concurrently, and be reverted', async () => {
    const { migrations } = await behind(3, [AddAuthor, Concurrently], { poolSize: 2, grantTo: [] });
    const report = await migrations.migrate({ transaction: 'each' });

    expect(report).toMatchObject({ isComplete: true, counts: { migrated: 3 } });
    expect((await migrations.drift()).drifted).toEqual([]);
    const reverted = await migrations.revert({ transaction: 'each' });
    expect(reverted).toMatchObject({ isComplete: true, counts: { reverted: 3 } });
    expect(await database.query("SELECT 1 FROM pg_indexes WHERE indexname = 'notes_body'")).toEqual([]);
  });

  it('is run once by two at once', async () => {
    const one = await behind(3, [Concurrently], { poolSize: 2 });
    const two = await start(tenantInits(3), {
      url: database.appUrl,
      poolSize: 2,
      migrations: [CreateNotes, Concurrently],
    });
    const reports = await Promise.all([one, two].map(({ migrations }) => migrations.migrate({ transaction: 'none' })));
    expect(reports.map(({ isComplete }) => isComplete)).toEqual([true, true]);
    expect(await executed('t_acme')).toEqual(['CreateNotes1700000000001', 'Concurrently1700000000003']);
  });

  it('leaves what it did where it fails, and stays pending', async () => {
    const Half = migration('Half1700000000003', ['CREATE TABLE half (id int)', 'SELECT * FROM nowhere']);
    const { migrations } = await behind(1, [Half]);
    const report = await migrations.migrate({ transaction: 'none' });
    expect(report.results[0]).toMatchObject({ outcome: 'failed', error: { migration: 'Half1700000000003' } });
    expect(await database.query("SELECT tablename FROM pg_tables WHERE tablename = 'half'")).toHaveLength(1);
    expect((await migrations.status())[0].pending).toEqual(['Half1700000000003']);
  });
});

describe('reverting', () => {
  it('takes the newest migration back, for those whose last one it is', async () => {
    const { migrations, schemas, tenants } = await behind(3);
    await schemas.migrate(tenants[0]);
    await schemas.migrate(tenants[1]);
    const report = await migrations.revert();

    expect(report.results.map(({ outcome, migrations: names }) => [outcome, ...names])).toEqual([
      ['reverted', 'UniqueBody1700000000003'],
      ['reverted', 'UniqueBody1700000000003'],
      ['current'],
    ]);
    expect((await migrations.revert({ migration: 'UniqueBody1700000000003' })).counts.current).toBe(3);
    expect((await migrations.revert({ tenants: ['acme'] })).counts.reverted).toBe(1);
    expect(await executed('t_acme')).toEqual(['CreateNotes1700000000001']);
    expect(await executed('t_globex')).toEqual(['CreateNotes1700000000001', 'AddAuthor1700000000002']);
  });

  it('refuses a migration that is not there', async () => {
    const { migrations } = await behind(1);
    await expect(migrations.revert({ migration: 'Nothing' })).rejects.toThrow('There is no migration "Nothing"');
  });
});

describe('tenants on several servers', () => {
  const eu = useTestDatabase();

  it('are migrated where they are, and a server that is not named takes only its own along', async () => {
    const tenants = [
      { id: 'acme', schema: 't_acme' },
      { id: 'globex', schema: 't_globex', database: 'eu' },
      { id: 'lost', schema: 't_lost', database: 'mars' },
    ];
    const servers = (migrations: Array<typeof CreateNotes>) => ({
      default: { url: database.appUrl, migrations },
      eu: { url: eu.appUrl },
    });
    const first = await start(tenants, servers([CreateNotes]));
    for (const tenant of first.tenants.slice(0, 2)) await first.schemas.create(tenant);
    const { migrations } = await start(tenants, servers([CreateNotes, AddAuthor]));
    const report = await migrations.migrate();

    expect(report.results.map(({ outcome, database: server }) => [outcome, server])).toEqual([
      ['migrated', 'default'],
      ['migrated', 'eu'],
      ['unreadable', 'mars'],
    ]);
    expect(report.results[2].error).toMatchObject({ code: 'TENANT_DATABASE_UNKNOWN' });
    expect(await eu.query('SELECT name FROM t_globex.migrations ORDER BY id')).toHaveLength(2);
    expect((await migrations.drift()).tenants.map(({ state }) => state)).toEqual(['same', 'same', 'unreadable']);
  });
});
