import { execFileSync } from 'node:child_process';
import { tenancyErrorOf, TenantMoveError, TenantReadOnlyError } from 'nestjs-tenancy';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startByteProxy } from '../../../../../test/support/byte-proxy.js';
import type { Fleet } from '../../../../../test/support/tenant-fleet.js';
import { migration, tenantInits, useFleets } from '../../../../../test/support/tenant-fleet.js';
import type { TestDatabase } from '../../../../../test/support/test-database.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';

/** A table of each kind, in an order that no foreign key allows. */
const CreateAll = migration('CreateAll1700000000001', [
  "CREATE TYPE mood AS ENUM ('good', 'bad')",
  'CREATE TABLE pages (id int PRIMARY KEY, book int)',
  'CREATE TABLE books (id serial PRIMARY KEY, title text NOT NULL, moods mood[], weight float8, at timestamptz, raw bytea)',
  'ALTER TABLE books ADD first_page int CONSTRAINT first_page_of REFERENCES pages DEFERRABLE INITIALLY DEFERRED',
  'ALTER TABLE pages ADD CONSTRAINT book_of FOREIGN KEY (book) REFERENCES books ON DELETE CASCADE',
  "COMMENT ON CONSTRAINT book_of ON pages IS 'whose it is'",
  'CREATE TABLE plans (name text PRIMARY KEY, shout text GENERATED ALWAYS AS (upper(name)) STORED)',
  "INSERT INTO plans VALUES ('from the migration')",
  'CREATE TABLE "Odd, ""name""" (id int GENERATED ALWAYS AS IDENTITY (START WITH 100) PRIMARY KEY, "a b" text UNIQUE DEFERRABLE INITIALLY DEFERRED)',
  'CREATE TABLE empty ()',
  'CREATE TABLE events (id int, day date) PARTITION BY RANGE (day)',
  "CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
  "CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
  'CREATE TABLE parents (id int)',
  'CREATE TABLE children (extra int) INHERITS (parents)',
  'CREATE MATERIALIZED VIEW titles AS SELECT title FROM books',
  'CREATE TABLE changes (what text)',
  `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     EXECUTE format('INSERT INTO %I.changes VALUES ($1)', TG_TABLE_SCHEMA) USING TG_OP; RETURN NEW; END $$`,
  'CREATE TRIGGER noted AFTER INSERT ON books FOR EACH ROW EXECUTE FUNCTION note()',
  'ALTER TABLE books ENABLE ALWAYS TRIGGER noted',
]);

const ROWS = `
  INSERT INTO t_acme.books (title, moods, weight, at, raw)
    SELECT 'book ' || n, ARRAY['good', 'bad']::t_acme.mood[], n / 3.0, '2026-01-01 12:00+02'::timestamptz, decode('00ff5c0a', 'hex')
      FROM generate_series(1, 1000) AS n;
  INSERT INTO t_acme.books (title) VALUES (E'tab\\there, \\\\N, new\\nline, "quote"'), ('');
  INSERT INTO t_acme.pages SELECT id, id FROM t_acme.books;
  UPDATE t_acme.books SET first_page = id;
  DELETE FROM t_acme.plans;
  INSERT INTO t_acme.plans VALUES ('free');
  INSERT INTO t_acme."Odd, ""name""" ("a b") VALUES ('one'), (NULL);
  INSERT INTO t_acme.empty DEFAULT VALUES;
  INSERT INTO t_acme.events VALUES (1, '2025-05-05'), (2, '2026-05-05'), (2, '2026-05-05');
  INSERT INTO t_acme.parents VALUES (1);
  INSERT INTO t_acme.children VALUES (2, 3);
  REFRESH MATERIALIZED VIEW t_acme.titles`;
const TABLES = [
  'books',
  'pages',
  'plans',
  '"Odd, ""name"""',
  'empty',
  'events',
  'parents',
  'children',
  'titles',
  'changes',
  'migrations',
];

const main = useTestDatabase();
const eu = useTestDatabase();
const start = useFleets();
let fleet: Fleet;

const options = (euUrl = eu.appUrl) => ({ default: { url: main.appUrl, migrations: [CreateAll] }, eu: { url: euUrl } });
const acme = () => fleet.store.findById('acme');
const write = () => fleet.database.session('acme', (manager) => manager.query("INSERT INTO plans VALUES ('pro')"));
const failureOf = async (work: Promise<unknown>) =>
  tenancyErrorOf(
    await work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );

beforeEach(async () => {
  fleet = await start(tenantInits(2), options());
  for (const tenant of fleet.tenants) await fleet.schemas.create(tenant);
  await main.query(ROWS);
});
afterEach(async () => {
  for (const database of [main, eu]) await database.query('DROP SCHEMA IF EXISTS t_acme, t_globex CASCADE');
});

async function rowsOf(database: TestDatabase) {
  const rows: Record<string, unknown> = {};
  for (const table of TABLES) {
    rows[table] = await database.query(
      `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) AS sum, count(*) FROM t_acme.${table} AS t`,
    );
  }
  return rows;
}

describe('a tenant that is moved to another server', () => {
  it('has every row there, and works there', async () => {
    const before = await rowsOf(main);
    const report = await fleet.moves.move('acme', { to: 'eu' });

    expect(report).toMatchObject({ outcome: 'moved', from: 'default', to: 'eu', rows: 3016 });
    expect(report.refused).toBeLessThanOrEqual(report.duration);
    expect(await acme()).toMatchObject({ database: 'eu' });
    expect(await rowsOf(eu)).toEqual(before);
    await write();
    expect(await eu.query("SELECT shout FROM t_acme.plans WHERE name = 'pro'")).toEqual([{ shout: 'PRO' }]);
    expect(await main.query("SELECT FROM t_acme.plans WHERE name = 'pro'")).toEqual([]);
  });

  it('counts on where it was, and has its triggers, foreign keys and rights', async () => {
    await fleet.moves.move('acme', { to: 'eu' });

    expect(await eu.query('INSERT INTO t_acme."Odd, ""name""" DEFAULT VALUES RETURNING id')).toEqual([{ id: 102 }]);
    expect(await eu.query("INSERT INTO t_acme.books (title) VALUES ('new') RETURNING id")).toEqual([{ id: 1003 }]);
    expect(await eu.query('SELECT count(*)::int FROM t_acme.changes')).toEqual([{ count: 1003 }]);
    await expect(eu.query('INSERT INTO t_acme.pages VALUES (5000, 5000)')).rejects.toThrow('book_of');
    expect((await fleet.migrations.drift({ tenants: ['acme'] })).tenants).toMatchObject([{ state: 'same' }]);
  });

  it('leaves a schema that can be read and not be written, until the move is confirmed', async () => {
    await fleet.moves.move('acme', { to: 'eu' });

    expect(await fleet.moves.status('acme')).toMatchObject({
      state: 'moved',
      from: 'default',
      to: 'eu',
      database: 'eu',
    });
    expect(await main.query('SELECT count(*)::int FROM t_acme.books')).toEqual([{ count: 1002 }]);
    for (const sql of [
      "INSERT INTO t_acme.plans VALUES ('pro')",
      'UPDATE t_acme.books SET title = title WHERE false',
      'DELETE FROM t_acme.events_2026',
      'TRUNCATE t_acme.events',
      "COPY t_acme.plans FROM PROGRAM 'true'",
    ]) {
      await expect(main.query(sql)).rejects.toMatchObject({ code: 'TN503' });
    }
    expect(await fleet.moves.confirm('acme')).toMatchObject({ state: 'settled', database: 'eu' });
    expect(await main.query("SELECT FROM pg_namespace WHERE nspname = 't_acme'")).toEqual([]);
    expect(await main.query("SELECT FROM pg_namespace WHERE nspname = 't_globex'")).toHaveLength(1);
    await fleet.moves.confirm('acme');
    await write();
  });

  it('can be moved back once that is confirmed, not before', async () => {
    const before = await rowsOf(main);
    await fleet.moves.move('acme', { to: 'eu' });
    await expect(fleet.moves.move('acme', { to: 'default' })).rejects.toThrow('Confirm that move first');
    await expect(fleet.moves.undo('acme')).rejects.toThrow('confirm this move, and move it back');
    await fleet.moves.confirm('acme');

    await fleet.moves.move('acme', { to: 'default' });
    expect(await rowsOf(main)).toEqual(before);
    await write();
  });

  it('is not moved where it is already, nor to a server that nobody named', async () => {
    await expect(fleet.moves.move('acme', { to: 'default' })).rejects.toThrow(TenantMoveError);
    await expect(fleet.moves.move('acme', { to: 'mars' })).rejects.toThrow('There is no database server "mars"');
    await expect(fleet.moves.move('nobody', { to: 'eu' })).rejects.toThrow('There is no tenant');
  });

  it('leaves nothing that would keep the process alive', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    await fleet.moves.move('acme', { to: 'eu' });
    await expect.poll(timers).toBeLessThanOrEqual(before + 1);
  });

  it('is only looked at where that is all that is asked for', async () => {
    const events: string[] = [];
    const report = await fleet.moves.move('acme', { to: 'eu', dryRun: true, onEvent: ({ type }) => events.push(type) });

    expect(report).toMatchObject({ outcome: 'checked', rows: 0, refused: 0 });
    expect(events).toEqual(['checked', 'prepared']);
    expect(await eu.query("SELECT FROM pg_namespace WHERE nspname = 't_acme'")).toEqual([]);
    expect(await fleet.moves.status('acme')).toMatchObject({ state: 'settled', database: 'default' });
    await write();
  });
});

describe('while a tenant is moved', () => {
  const during = async <T>(work: () => Promise<T>): Promise<T[]> => {
    const results: Array<Promise<T>> = [];
    await fleet.moves.move('acme', { to: 'eu', onEvent: ({ type }) => type === 'frozen' && results.push(work()) });
    return Promise.all(results);
  };

  it('what it writes is refused with an error that says so', async () => {
    const [error] = await during(() => failureOf(write()));
    expect(error).toBeInstanceOf(TenantReadOnlyError);
    expect(error).toMatchObject({ code: 'TENANT_READ_ONLY', tenantId: 'acme', retryAfter: 1 });
  });

  it('it can be read, and other tenants can write', async () => {
    const [count] = await during(() =>
      fleet.database.session('acme', (manager) => manager.query('SELECT count(*)::int FROM books')),
    );
    expect(count).toEqual([{ count: 1002 }]);
    const write = () =>
      fleet.database.session('globex', (manager) => manager.query("INSERT INTO plans VALUES ('pro')"));
    await fleet.moves.confirm('acme');
    await fleet.moves.move('acme', { to: 'default' });
    await fleet.moves.confirm('acme');
    expect(await during(write)).toHaveLength(1);
  });

  it('a transaction that has written before is waited for, and is moved too', async () => {
    const writer = new pg.Client(main.url);
    await writer.connect();
    await writer.query("BEGIN; INSERT INTO t_acme.plans VALUES ('late')");
    const moving = fleet.moves.move('acme', { to: 'eu' });
    const waits = "SELECT FROM pg_locks WHERE NOT granted AND relation = 't_acme.plans'::regclass";
    await expect.poll(() => main.query(waits)).toHaveLength(1);
    await writer.query('COMMIT');
    await writer.end();

    await moving;
    expect(await eu.query("SELECT FROM t_acme.plans WHERE name = 'late'")).toHaveLength(1);
  });

  it('transactions that take several tables in any order are waited for, and none fails for another reason', async () => {
    const over = new AbortController();
    const errors: unknown[] = [];
    const writer = async (tables: string[]) => {
      while (!over.signal.aborted) {
        const error = await failureOf(
          fleet.database.session('acme', async (manager) => {
            for (const table of tables) await manager.query(`INSERT INTO ${table} DEFAULT VALUES`);
            for (const table of tables) await manager.query(`UPDATE ${table} SET id = id WHERE false`);
          }),
        );
        if (error !== undefined && !(error instanceof TenantReadOnlyError)) errors.push(error);
      }
    };
    const writers = [
      ['parents', 'children'],
      ['children', 'parents'],
      ['children', 'parents'],
    ].map(writer);
    await fleet.moves.move('acme', { to: 'eu' });
    over.abort();
    await Promise.all(writers);
    expect(errors).toEqual([]);
    const ids = (database: TestDatabase) => database.query('SELECT id FROM ONLY t_acme.parents');
    expect((await ids(eu)).length).toBeGreaterThanOrEqual((await ids(main)).length);
  });

  it('a transaction that does not end leaves it where it is', async () => {
    const writer = new pg.Client(main.url);
    await writer.connect();
    await writer.query("BEGIN; INSERT INTO t_acme.plans VALUES ('late')");

    const moving = fleet.moves.move('acme', { to: 'eu', freezeTimeout: 100 });
    await expect(moving).rejects.toMatchObject({ code: 'TENANT_MOVE_FAILED', left: 'unchanged' });
    await writer.query('COMMIT');
    await writer.end();
    expect(await fleet.moves.status('acme')).toMatchObject({ state: 'settled', database: 'default' });
    await write();
  });

  it('nobody else moves, migrates or drops it', async () => {
    const second: Array<Promise<unknown>> = [];
    await fleet.moves.move('acme', {
      to: 'eu',
      onEvent: ({ type }) => {
        if (type === 'frozen') second.push(failureOf(fleet.moves.move('acme', { to: 'eu', lockTimeout: 50 })));
        if (type === 'frozen') second.push(failureOf(fleet.moves.undo('acme')));
      },
    });
    expect(await second[0]).toMatchObject({ message: expect.stringContaining('Somebody else has been working') });
    // Its turn comes when the move is over.
    expect(await second[1]).toMatchObject({ message: expect.stringContaining('to the database server eu meanwhile') });
    expect(await acme()).toMatchObject({ database: 'eu' });
  });
});

describe('another instance', () => {
  it('that has not heard of the move finds out by its first refused write', async () => {
    const cache = { ttl: 600_000, refreshAt: 1 };
    const other = await start([], options(), { store: fleet.store, cache });
    const writeThere = () =>
      other.database.session('acme', (manager) => manager.query("INSERT INTO plans VALUES ('pro')"));
    const read = () => other.database.session('acme', (manager) => manager.query('SELECT count(*)::int FROM books'));
    await read();
    await fleet.moves.move('acme', { to: 'eu' });

    expect(await read()).toEqual([{ count: 1002 }]);
    expect(await failureOf(writeThere())).toBeInstanceOf(TenantReadOnlyError);
    await expect.poll(() => failureOf(writeThere())).toBeUndefined();
    expect(await eu.query("SELECT FROM t_acme.plans WHERE name = 'pro'")).toHaveLength(1);
  });
});

describe('a move that fails', () => {
  const unchangedHere = async () => {
    expect(await eu.query("SELECT FROM pg_namespace WHERE nspname = 't_acme'")).toEqual([]);
    expect(await main.query("SELECT FROM pg_trigger WHERE tgname = 'tenancy_move'")).toEqual([]);
    await write();
  };
  const unchanged = async () => {
    expect(await fleet.moves.status('acme')).toMatchObject({ state: 'settled', database: 'default' });
    await unchangedHere();
  };

  it('because a row arrives other than it left, is found out and undone', async () => {
    const proxy = await startByteProxy(eu.appUrl, { toServer: (text) => text.replace('book 777\t', 'book 770\t') });
    fleet = await start(tenantInits(2), options(proxy.url));

    await expect(fleet.moves.move('acme', { to: 'eu' })).rejects.toThrow(/rows are not the same .* books \(1002 rows/);
    await unchanged();
    await proxy.close();
  });

  it('because the other server goes away in the middle, leaves a tenant that works', async () => {
    const proxy = await startByteProxy(eu.appUrl, {});
    fleet = await start(tenantInits(2), options(proxy.url));
    const closing: Array<Promise<void>> = [];
    const moving = fleet.moves.move('acme', {
      to: 'eu',
      onEvent: ({ type }) => type === 'frozen' && closing.push(proxy.close()),
    });

    await expect(moving).rejects.toMatchObject({ left: 'unchanged' });
    await Promise.all(closing);
    await unchangedHere();
  });

  it('because the registry refuses it, is undone', async () => {
    fleet.store.placeTenant = async () => Promise.reject(new TenantMoveError('acme', 'unchanged', 'no'));
    await expect(fleet.moves.move('acme', { to: 'eu' })).rejects.toMatchObject({ left: 'unchanged' });
    await unchanged();
  });

  it('because somebody ends it, is undone wherever it is', async () => {
    for (const at of ['checked', 'prepared', 'frozen', 'copied', 'compared']) {
      const ending = new AbortController();
      const moving = fleet.moves.move('acme', {
        to: 'eu',
        signal: ending.signal,
        onEvent: ({ type }) => type === at && ending.abort(new Error('Enough.')),
      });
      await expect(moving, at).rejects.toMatchObject({
        left: 'unchanged',
        message: expect.stringContaining('Enough.'),
      });
    }
    await unchanged();
  });

  it('because the registry does not answer, is neither ended nor undone, and can be repeated', async () => {
    const { placeTenant } = fleet.store;
    fleet.store.placeTenant = async () => Promise.reject(new Error('The connection was reset.'));
    await expect(fleet.moves.move('acme', { to: 'eu' })).rejects.toMatchObject({ left: 'frozen' });
    expect(await fleet.moves.status('acme')).toMatchObject({ state: 'copied', database: 'default' });
    expect(await failureOf(write())).toBeInstanceOf(TenantReadOnlyError);

    fleet.store.placeTenant = placeTenant;
    expect(await fleet.moves.move('acme', { to: 'eu' })).toMatchObject({ outcome: 'resumed' });
    await write();
    expect(await fleet.moves.status('acme')).toMatchObject({ state: 'moved' });
  });

  it('because the registry does not answer, can be undone', async () => {
    fleet.store.placeTenant = async () => Promise.reject(new Error('The connection was reset.'));
    await expect(fleet.moves.move('acme', { to: 'eu' })).rejects.toMatchObject({ left: 'frozen' });
    await fleet.moves.undo('acme');
    await unchanged();
  });

  it('though the registry has it, is at its end', async () => {
    const { placeTenant } = fleet.store;
    fleet.store.placeTenant = async (...args) => {
      await placeTenant.apply(fleet.store, args);
      throw new Error('The connection was reset.');
    };
    expect(await fleet.moves.move('acme', { to: 'eu' })).toMatchObject({ outcome: 'moved' });
    await write();
  });
});

describe('a mover that has lost its lock', () => {
  const LOSE = `
    SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

  it('undoes nothing: another one may be ending the move', async () => {
    const { placeTenant } = fleet.store;
    fleet.store.placeTenant = async () => Promise.reject(new Error('The connection was reset.'));
    await expect(fleet.moves.move('acme', { to: 'eu' })).rejects.toMatchObject({ left: 'frozen' });

    let second: ReturnType<typeof fleet.moves.move> | undefined;
    let end!: () => void;
    const firstIsOver = new Promise<void>((resolve) => (end = resolve));
    fleet.store.placeTenant = async () => {
      await main.query(LOSE);
      await new Promise<void>((resolve, reject) => {
        fleet.store.placeTenant = async (...args) => {
          resolve();
          await firstIsOver;
          return placeTenant.apply(fleet.store, args);
        };
        second = fleet.moves.move('acme', { to: 'eu' });
        second.catch(reject);
      });
      throw new TenantMoveError('acme', 'unchanged', 'no');
    };
    const first = await failureOf(fleet.moves.move('acme', { to: 'eu' }));
    end();

    expect(await second).toMatchObject({ outcome: 'resumed' });
    expect(first).toMatchObject({ code: 'TENANT_MOVE_FAILED', left: 'frozen' });
    await write();
    expect(await eu.query("SELECT FROM t_acme.plans WHERE name = 'pro'")).toHaveLength(1);
    await expect(main.query("INSERT INTO t_acme.plans VALUES ('late')")).rejects.toMatchObject({ code: 'TN503' });
  });
});

describe('what is written past the freeze', () => {
  it.each([
    ['a table that is made after the copy', 'CREATE TABLE t_acme.late AS SELECT 1 AS id'],
    [
      'a table whose triggers its owner turns off after the copy',
      "ALTER TABLE t_acme.plans DISABLE TRIGGER ALL; INSERT INTO t_acme.plans VALUES ('late'); " +
        'ALTER TABLE t_acme.plans ENABLE TRIGGER ALL',
    ],
  ])('is not left behind: %s', async (_what, sql) => {
    const script = `import pg from 'pg'; const client = new pg.Client(process.argv[1]); await client.connect();
      await client.query(process.argv[2]); await client.end();`;
    const run = () => execFileSync(process.execPath, ['--input-type=module', '-e', script, main.url, sql]);
    const moving = fleet.moves.move('acme', { to: 'eu', onEvent: ({ type }) => type === 'compared' && run() });

    await expect(moving).rejects.toMatchObject({
      left: 'unchanged',
      message: expect.stringContaining('could be written'),
    });
    expect(await fleet.moves.status('acme')).toMatchObject({ state: 'settled', database: 'default' });
    expect(await eu.query("SELECT FROM pg_namespace WHERE nspname = 't_acme'")).toEqual([]);
  });
});

describe('a tenant is not moved', () => {
  const refusal = async (message: string | RegExp, left = 'unchanged') => {
    const error = await failureOf(fleet.moves.move('acme', { to: 'eu' }));
    expect(error).toMatchObject({ code: 'TENANT_MOVE_FAILED', left });
    expect(error?.message).toMatch(message);
    expect(await fleet.moves.status('acme')).toMatchObject({ state: 'settled', database: 'default' });
  };

  it('where its schema is not what its migrations make', async () => {
    await main.query('CREATE TABLE t_acme.by_hand (id int)');
    await refusal(/table by_hand is unexpected/);
  });

  it('where a schema of its name is in the way', async () => {
    await eu.query('CREATE SCHEMA t_acme');
    await refusal(/is there already on the database server eu, and is not this tenant’s/);
  });

  it('where it is archived', async () => {
    fleet.store.save({ ...(await acme())!, status: 'archived' });
    await refusal(/is archived/);
  });

  it('where its rows name large objects', async () => {
    const large = migration('AddFiles1700000000002', ['CREATE TABLE files (content oid)']);
    fleet = await start(tenantInits(1), {
      ...options(),
      default: { url: main.appUrl, migrations: [CreateAll, large] },
    });
    await fleet.migrations.migrate();
    await main.query(`SELECT lo_create(4711); `);
    await main.query('INSERT INTO t_acme.files VALUES (4711)');
    await refusal(/files.content names large objects/);
    await main.query('SELECT lo_unlink(4711)');
  });
});

describe('with a role for each tenant', () => {
  it('it has its role on the other server, and none where it was', async () => {
    const isolation = 'role' as const;
    for (const { query, appRole } of [main, eu]) await query(`ALTER ROLE ${appRole} CREATEROLE NOINHERIT`);
    const both = options();
    fleet = await start(tenantInits(1), { ...both, default: { ...both.default, isolation } });
    await fleet.schemas.migrate((await acme())!);
    const roles = (database: TestDatabase) =>
      database.query(`SELECT FROM pg_roles WHERE rolname = 't_acme@' || current_database()`);
    expect(await roles(main)).toHaveLength(1);

    await fleet.moves.move('acme', { to: 'eu' });
    await write();
    expect(await roles(eu)).toHaveLength(1);
    await fleet.moves.confirm('acme');
    expect(await roles(main)).toEqual([]);
    await eu.query('DROP SCHEMA t_acme CASCADE');
  });
});
