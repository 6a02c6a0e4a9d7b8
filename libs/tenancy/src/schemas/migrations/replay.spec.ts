import { randomUUID } from 'node:crypto';
import type { QueryRunner } from 'typeorm';
import { Table, TableColumn } from 'typeorm';
import { beforeEach, describe, expect, it } from 'vitest';
import { migration, tenantInits, useFleets } from '../../../../../test/support/tenant-fleet.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';

const CreateNotes = migration('CreateNotes1700000000001', [
  'CREATE TABLE notes (id serial PRIMARY KEY, body text NOT NULL)',
]);

const NAME = 'Second1700000000002';
const second = (up: string[] | ((runner: QueryRunner) => Promise<void>), transaction?: boolean) =>
  migration(NAME, up, { transaction });

const database = useTestDatabase();
const start = useFleets();
const COUNT = 5;

beforeEach(async () => {
  const schemas = await database.query<{ nspname: string }>(
    `SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'`,
  );
  for (const { nspname } of schemas) await database.query(`DROP SCHEMA ${nspname} CASCADE`);
});

async function behind(Second: ReturnType<typeof migration>, options = {}) {
  const first = await start(tenantInits(COUNT), { url: database.appUrl, migrations: [CreateNotes] });
  for (const tenant of first.tenants) {
    await first.schemas.create(tenant);
    await database.query(`INSERT INTO ${tenant.schema}.notes (body) VALUES ('of ${tenant.id}')`);
  }
  return start(tenantInits(COUNT), { url: database.appUrl, migrations: [CreateNotes, Second], ...options });
}

describe('migrations whose SQL is the same for every tenant', () => {
  const plain: Array<[string, string[] | ((runner: QueryRunner) => Promise<void>)]> = [
    [
      'tables, indexes, constraints and comments',
      [
        'CREATE TABLE tags (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), note int REFERENCES notes)',
        'CREATE INDEX tags_note ON tags (note); ALTER TABLE notes ADD tagged boolean NOT NULL DEFAULT false',
        "COMMENT ON COLUMN notes.tagged IS 'it''s; -- set by hand'",
      ],
    ],
    [
      'types, functions, triggers and views',
      [
        "CREATE TYPE mood AS ENUM ('good', 'bad')",
        'ALTER TABLE notes ADD mood mood',
        "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.body := NEW.body || '!'; RETURN NEW; END $$",
        'CREATE TRIGGER touched BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch()',
        "CREATE VIEW moods AS SELECT mood FROM notes WHERE body <> ''",
      ],
    ],
    [
      'rows that are made of those that are there',
      [
        'INSERT INTO notes (body) SELECT upper(body) FROM notes',
        "DO $$ BEGIN UPDATE notes SET body = body || '.'; END $$",
      ],
    ],
    [
      'TypeORM’s own way to make a table',
      (runner) =>
        runner.createTable(
          new Table({ name: 'tags', columns: [{ name: 'id', type: 'int', isPrimary: true, isGenerated: true }] }),
        ),
    ],
  ];

  it.each(plain)('are sent as one text, and come to the same: %s', async (_, up) => {
    const { migrations, tenants } = await behind(second(up));
    // One of them the ordinary way, so that both can be compared.
    await migrations.migrate({ tenants: ['acme'], replay: false });
    const report = await migrations.migrate({ canary: 0 });

    expect(report.notReplayed).toEqual([]);
    expect(report.results.map(({ outcome, replayed }) => [outcome, replayed])).toEqual([
      ['current', false],
      ...Array.from({ length: COUNT - 1 }, () => ['migrated', true]),
    ]);
    expect((await migrations.drift()).drifted).toEqual([]);
    const bodies = async (schema: string, id: string) =>
      (await database.query<{ body: string }>(`SELECT body FROM ${schema}.notes ORDER BY id`)).map(({ body }) =>
        body.replaceAll(new RegExp(id, 'gi'), 'it'),
      );
    expect(await bodies('t_globex', 'globex')).toEqual(await bodies('t_acme', 'acme'));
    expect(await database.query(`SELECT name, timestamp::text FROM t_globex.migrations ORDER BY id`)).toEqual(
      await database.query(`SELECT name, timestamp::text FROM ${tenants[0].schema}.migrations ORDER BY id`),
    );
  });
});

describe('migrations that may be another thing for each tenant', () => {
  const other: Array<[reason: string, up: string[] | ((runner: QueryRunner) => Promise<void>)]> = [
    [
      'It looks at what a statement answers.',
      async (runner) => {
        const notes = (await runner.query('SELECT body FROM notes')) as Array<{ body: string }>;
        for (const { body } of notes) await runner.query(`INSERT INTO notes (body) VALUES ('again ${body}')`);
      },
    ],
    [
      'It looks at what a statement answers.',
      async (runner) => {
        const [, count] = (await runner.query("UPDATE notes SET body = body || '!'")) as [unknown, number];
        if (count > 0) await runner.query('CREATE TABLE changed (id int)');
      },
    ],
    [
      'It looks at what a statement answers.',
      async (runner) => {
        await runner.addColumn('notes', new TableColumn({ name: 'author', type: 'text', isNullable: true }));
      },
    ],
    [
      'It sends parameters.',
      async (runner) => {
        await runner.query('INSERT INTO notes (body) VALUES ($1)', ['one']);
      },
    ],
    [
      'It sends other SQL in another schema, or the next time.',
      async (runner) => {
        await runner.query(`INSERT INTO notes (body) VALUES ('${randomUUID()}')`);
      },
    ],
    [
      'It uses createQueryRunner().',
      async (runner) => {
        const notes = await runner.dataSource.query('SELECT body FROM notes');
        if (notes.length > 0) await runner.query('CREATE TABLE has_notes (id int)');
      },
    ],
    [
      'One of its statements fails.',
      async (runner) => {
        await runner.query('SAVEPOINT before');
        await runner.query('SELECT * FROM nowhere').catch(() => runner.query('ROLLBACK TO before'));
      },
    ],
    [
      'It uses the connection itself.',
      async (runner) => {
        await runner.connect();
      },
    ],
    [
      'It sends a statement before the one before is answered.',
      async (runner) => {
        await Promise.all([1, 2].map((n) => runner.query(`INSERT INTO notes (body) VALUES ('${n}')`)));
      },
    ],
    ['It sends set local work_mem to.', ["SET LOCAL work_mem TO '8MB'"]],
    ['It sends savepoint here.', ['SAVEPOINT here']],
    ['Its SQL has the word set_config.', ["SELECT set_config('work_mem', '8MB', true)"]],
  ];

  it.each(other)('run for each of them: %s', async (reason, up) => {
    const { migrations } = await behind(second(up));
    const report = await migrations.migrate();

    expect(report.notReplayed).toEqual([{ migration: NAME, reason }]);
    expect(report).toMatchObject({ isComplete: true, counts: { migrated: COUNT } });
    expect(report.results.every(({ replayed }) => !replayed)).toBe(true);
    const { drifted } = await migrations.drift();
    // Tables that are made for the rows of a tenant, and what only runs with a second connection, cannot be compared.
    if (up.toString().includes('CREATE TABLE')) expect(drifted).toHaveLength(COUNT);
    else expect(drifted).toEqual([]);
  });

  it('keep what they read of their own tenant', async () => {
    const { migrations } = await behind(second(other[0][1]));
    await migrations.migrate();
    expect(await database.query('SELECT body FROM t_globex.notes ORDER BY id')).toEqual([
      { body: 'of globex' },
      { body: 'again of globex' },
    ]);
  });
});

describe('what was recorded', () => {
  it('leaves nothing behind, also of what names another schema', async () => {
    const { migrations } = await behind(second(['CREATE TABLE more (id int)']));
    await migrations.migrate();
    expect(await database.query("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'tenancy%'")).toEqual([]);
  });

  it('is not sent to a schema that is not as the others', async () => {
    const { migrations } = await behind(second(['ALTER TABLE notes ADD author text']));
    await database.query('ALTER TABLE t_globex.notes RENAME TO letters');
    const report = await migrations.migrate();
    expect(report.results.map(({ outcome, replayed }) => [outcome, replayed])).toEqual([
      ['migrated', true],
      ['failed', false],
      ...Array.from({ length: COUNT - 2 }, () => ['migrated', true]),
    ]);
    expect(report.results[1].error).toMatchObject({ sqlState: '42P01', migration: NAME });
  });

  it('gives the roles of `grantTo` what it makes', async () => {
    const reader = `${database.appRole}_reader`;
    await database.query(`CREATE ROLE ${reader}`);
    const { migrations } = await behind(second(['CREATE TABLE more (id int)']), { grantTo: [reader] });
    expect((await migrations.migrate()).results.every(({ replayed }) => replayed)).toBe(true);
    expect(await database.query(`SELECT has_table_privilege($1, 't_globex.more', 'INSERT') AS may`, [reader])).toEqual([
      { may: true },
    ]);
    expect((await migrations.drift()).drifted).toEqual([]);
    await database.query(`DROP OWNED BY ${reader}`);
    await database.query(`DROP ROLE ${reader}`);
  });
});

describe("isolation: 'role'", () => {
  beforeEach(() => database.query(`ALTER ROLE ${database.appRole} CREATEROLE`));

  it('gives each tenant’s role what a migration made, replayed where the role is there', async () => {
    const isolation = { isolation: 'role' } as const;
    const options = { url: database.appUrl, ...isolation };
    const first = await start(tenantInits(COUNT), { ...options, migrations: [CreateNotes] });
    for (const tenant of first.tenants.slice(1)) await first.schemas.create(tenant);
    const without = await start(tenantInits(1), { url: database.appUrl, migrations: [CreateNotes] });
    await without.schemas.create(without.tenants[0]);
    const Second = second(['CREATE TABLE more (id serial PRIMARY KEY)']);
    const { migrations, factory, tenants } = await start(tenantInits(COUNT), {
      ...options,
      migrations: [CreateNotes, Second],
    });
    const report = await migrations.migrate({ canary: 0 });

    expect(report.results.map(({ outcome, replayed }) => [outcome, replayed])).toEqual([
      ['migrated', false],
      ...Array.from({ length: COUNT - 1 }, () => ['migrated', true]),
    ]);
    for (const tenant of tenants) {
      await factory.forTenant(tenant).query('INSERT INTO more DEFAULT VALUES');
      await expect(factory.forTenant(tenant).query('DELETE FROM migrations')).rejects.toThrow('permission denied');
    }
    expect((await migrations.drift()).drifted).toEqual([]);
    for (const tenant of tenants) await first.schemas.drop(tenant);
  });
});
