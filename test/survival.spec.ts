import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { TenantDatabaseOptions } from 'nestjs-tenancy';
import { defineTenant, TenantDataSourceFactory } from 'nestjs-tenancy';
import pg from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TenantPool } from '../libs/tenancy/src/database/pool/tenant-pool.js';
import type { ServerLink } from './support/server-link.js';
import { openServerLink } from './support/server-link.js';
import { useTestDatabase } from './support/test-database.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const database = useTestDatabase();
const opened: Array<() => Promise<void>> = [];

beforeAll(async () => {
  for (const { id, schema } of [acme, globex]) {
    await database.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${database.appRole}`);
    await database.query(`CREATE TABLE ${schema}.notes AS SELECT '${id}' AS owner`);
    await database.query(`ALTER TABLE ${schema}.notes OWNER TO ${database.appRole}`);
  }
});
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

interface DataPath {
  readonly factory: TenantDataSourceFactory;
  readonly acme: DataSource;
  readonly globex: DataSource;
  readonly pool: TenantPool;
}

/** A query runner, with what it does itself where its connection reports an error. */
type BreakableRunner = QueryRunner & { releasePostgresConnection(error: Error): Promise<void> };

async function openDataPath(options: TenantDatabaseOptions = {}): Promise<DataPath> {
  const factory = new TenantDataSourceFactory({ url: database.appUrl, poolSize: 1, ...options }, async () => acme);
  await factory.initialize();
  opened.push(() => factory.destroy());
  const { master: pool } = factory.dataSource.driver as unknown as { master: TenantPool };
  return { factory, acme: factory.forTenant(acme), globex: factory.forTenant(globex), pool };
}

async function openLink(): Promise<ServerLink> {
  const link = await openServerLink(database.appUrl);
  opened.push(() => link.close());
  return link;
}

const readOwner = async (dataSource: DataSource): Promise<string> =>
  (await dataSource.query<Array<{ owner: string }>>('SELECT owner FROM notes LIMIT 1'))[0].owner;

/** The server processes of this test, and what each is doing. */
const backends = () =>
  database.query<{ pid: number; state: string; query: string }>(
    'SELECT pid, state, query FROM pg_stat_activity WHERE usename = $1',
    [database.appRole],
  );
const isRunning = (text: string) => async () =>
  (await backends()).some(({ state, query }) => state === 'active' && query.includes(text));
const endBackends = () =>
  database.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [database.appRole]);
const cancelStatements = () =>
  database.query('SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = $1', [database.appRole]);

async function until(test: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await test())) await delay(10);
}

/** Every connection of the pool is free and works, for both tenants. */
async function expectIntact({ acme, globex, pool }: DataPath): Promise<void> {
  await until(() => pool.idleCount === pool.totalCount);
  expect(pool.waitingCount).toBe(0);
  const { max } = pool.limits;
  const users = Array.from({ length: max }, (_, n) => (n % 2 ? acme : globex).createQueryRunner());
  await Promise.all(users.map((runner) => runner.query('SELECT 1')));
  expect(pool.totalCount).toBe(max);
  await Promise.all(users.map((runner) => runner.release()));
  expect(await readOwner(acme)).toBe('acme');
  expect(await readOwner(globex)).toBe('globex');
}

describe('a server process that dies', () => {
  it('while nobody has its connection, is noticed before anybody gets it', async () => {
    const path = await openDataPath({ poolSize: 3 });
    await expectIntact(path);
    await endBackends();
    await until(() => path.pool.totalCount === 0);
    await expectIntact(path);
  });

  it('before the first statement of its user, fails that statement', async () => {
    const path = await openDataPath();
    const runner = path.acme.createQueryRunner();
    const connection = (await runner.connect()) as { once(event: 'end', listener: () => void): void };
    const ended = new Promise<void>((resolve) => connection.once('end', resolve));
    await endBackends();
    await ended;
    await expect(runner.query('SELECT 1')).rejects.toThrow('already released');
    await runner.release();
    await expectIntact(path);
  });

  it('while it works, fails the statement with what the server said', async () => {
    const link = await openLink();
    const path = await openDataPath({ url: link.url });
    const failed = expect(path.acme.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57P01' });
    await until(isRunning('pg_sleep'));
    await endBackends();
    await failed;
    await expectIntact(path);
    // There was nothing left to cancel.
    expect(link.cancelRequests).toBe(0);
  });

  it('within a transaction, fails the transaction, and leaves nothing of it', async () => {
    const path = await openDataPath();
    const transaction = path.acme.transaction(async (manager) => {
      await manager.query("INSERT INTO notes (owner) VALUES ('acme')");
      await endBackends();
      await until(() => path.pool.totalCount === 0);
      await manager.query("INSERT INTO notes (owner) VALUES ('acme')");
    });
    await expect(transaction).rejects.toThrow('already released');
    expect(await database.query('SELECT owner FROM t_acme.notes')).toEqual([{ owner: 'acme' }]);
    await expectIntact(path);
  });

  it('as its connection is handed over, before TypeORM listens to errors, ends no process', async () => {
    const link = await openLink();
    const path = await openDataPath({ url: link.url });
    await endBackends();
    await until(() => path.pool.totalCount === 0);
    const held = link.holdAnswerUntilEnd();
    const failed = expect(readOwner(path.acme)).rejects.toThrow('connection error');
    await held;
    await endBackends();
    await failed;
    await expectIntact(path);
  });
});

describe('a stream whose server process dies', () => {
  const read = async (path: DataPath, onRow: () => void | Promise<void>): Promise<void> => {
    const runner = path.acme.createQueryRunner();
    const stream = await runner.stream('SELECT n FROM generate_series(1, 250) n');
    try {
      for await (const _row of stream) await onRow();
    } finally {
      await runner.release();
    }
  };

  it('fails for who reads it', async () => {
    const path = await openDataPath();
    let rows = 0;
    const reading = read(path, async () => {
      rows += 1;
      if (rows === 1) await endBackends();
    });
    // With what the server said, or what the socket says of it: whichever is read first.
    await expect(reading).rejects.toThrow();
    await expectIntact(path);
  });

  it('fails though all rows were read, where the end of the statement does not arrive', async () => {
    const link = await openLink();
    const path = await openDataPath({ url: link.url });
    await expectIntact(path);
    const held = link.holdAnswerUntilEnd();
    const failed = expect(read(path, () => undefined)).rejects.toThrow('Connection terminated');
    await held;
    await link.cut();
    await failed;
    await link.restore();
    await expectIntact(path);
  });

  it('ends for who has read enough', async () => {
    const path = await openDataPath();
    const enough = read(path, async () => {
      await endBackends();
      await until(() => path.pool.totalCount === 0);
      throw new Error('That is enough.');
    });
    await expect(enough).rejects.toThrow('enough');
    await expectIntact(path);
  });
});

describe('a statement that is cancelled', () => {
  it('fails with what the server said, and its connection goes on', async () => {
    const path = await openDataPath();
    const [{ pid }] = await backends();
    const failed = expect(path.acme.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
    await until(isRunning('pg_sleep'));
    await cancelStatements();
    await failed;
    await expectIntact(path);
    expect(await backends()).toMatchObject([{ pid }]);
  });

  it('fails its transaction, which leaves nothing', async () => {
    const path = await openDataPath();
    const transaction = path.acme.transaction(async (manager) => {
      await manager.query("INSERT INTO notes (owner) VALUES ('acme')");
      await manager.query('SELECT pg_sleep(60)');
    });
    const failed = expect(transaction).rejects.toMatchObject({ code: '57014' });
    await until(isRunning('pg_sleep'));
    await cancelStatements();
    await failed;
    expect(await database.query('SELECT owner FROM t_acme.notes')).toEqual([{ owner: 'acme' }]);
    await expectIntact(path);
  });
});

describe('the statement that binds a connection', () => {
  it('is prepared again where its preparation was cancelled', async () => {
    const path = await openDataPath();
    await endBackends();
    await until(() => path.pool.totalCount === 0);
    const readWithValues = (dataSource: { query: DataSource['query'] }) =>
      dataSource.query('SELECT owner FROM notes WHERE owner = $1', ['acme']);
    const runner = path.acme.createQueryRunner();
    await runner.connect();
    const holder = new pg.Client(database.url);
    await holder.connect();
    // No function can be looked up while this holds.
    await holder.query('BEGIN; LOCK TABLE pg_catalog.pg_proc IN ACCESS EXCLUSIVE MODE');
    const failed = expect(readWithValues(runner)).rejects.toMatchObject({ code: '57014' });
    const waiting =
      "SELECT pg_stat_clear_snapshot() FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'";
    await until(async () => (await holder.query(waiting, [database.appRole])).rows.length > 0);
    await holder.query('SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = $1', [database.appRole]);
    await failed;
    await holder.end();
    await runner.release();
    expect(await readWithValues(path.acme)).toEqual([{ owner: 'acme' }]);
    await expectIntact(path);
  });
});

describe('a server that is away for a while', () => {
  it('fails who works and who waits, and serves whoever comes when it is back', async () => {
    const link = await openLink();
    const path = await openDataPath({ url: link.url, poolSize: 3 });
    const users = Array.from({ length: 20 }, () => path.acme.query('SELECT pg_sleep(60)'));
    const settled = Promise.allSettled(users);
    await until(isRunning('pg_sleep'));
    await link.cut();
    expect((await settled).filter(({ status }) => status === 'fulfilled')).toEqual([]);
    await expect(readOwner(path.acme)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await link.restore();
    await expectIntact(path);
  });

  it('fails who has to connect after connectTimeoutMS where it does not answer', async () => {
    const link = await openLink();
    const path = await openDataPath({ url: link.url, connectTimeoutMS: 300 });
    await endBackends();
    await until(() => path.pool.totalCount === 0);
    link.stall();
    await expect(readOwner(path.acme)).rejects.toThrow('within 300 ms');
    await link.restore();
    await expectIntact(path);
  });
});

describe('a pool whose connections are all taken', () => {
  it('refuses who waits for longer than connectTimeoutMS, and loses no connection by it', async () => {
    const path = await openDataPath({ poolSize: 2, connectTimeoutMS: 300 });
    const holders = [path.acme.createQueryRunner(), path.globex.createQueryRunner()];
    for (const holder of holders) await holder.query('SELECT 1');
    const users = await Promise.allSettled(Array.from({ length: 20 }, () => readOwner(path.acme)));
    for (const user of users) {
      expect(user).toMatchObject({ reason: { message: 'No connection was free within 300 ms.' } });
    }
    for (const holder of holders) await holder.release();
    await expectIntact(path);
  });
});

describe('a query runner that is released while it waits for its connection', () => {
  it('sends nothing, and keeps no connection', async () => {
    const path = await openDataPath();
    const holder = path.acme.createQueryRunner();
    await holder.connect();
    const runner = path.globex.createQueryRunner();
    const refused = Array.from({ length: 2 }, () =>
      expect(runner.query("INSERT INTO notes (owner) VALUES ('late')")).rejects.toThrow('already released'),
    );
    await until(() => path.pool.waitingCount === 1);
    await runner.release();
    await holder.release();
    await Promise.all(refused);
    expect(await database.query('SELECT owner FROM t_globex.notes')).toEqual([{ owner: 'globex' }]);
    await expectIntact(path);
  });
});

describe('a connection that is given back before it is done', () => {
  it('is used again, and its statement goes on no more at the server', async () => {
    const path = await openDataPath();
    const [{ pid }] = await backends();
    const runner = path.acme.createQueryRunner();
    const failed = expect(runner.query('SELECT pg_sleep(60)')).rejects.toMatchObject({ code: '57014' });
    await until(isRunning('pg_sleep'));
    await runner.release();
    await failed;
    await until(async () => !(await isRunning('pg_sleep')()));
    await expectIntact(path);
    expect(await backends()).toMatchObject([{ pid }]);
  });

  it('goes on with nothing that waited behind that statement either', async () => {
    const path = await openDataPath();
    const runner = path.acme.createQueryRunner();
    const statements = Array.from({ length: 3 }, () => runner.query('SELECT pg_sleep(60)'));
    const settled = Promise.allSettled(statements);
    await until(isRunning('pg_sleep'));
    await runner.release();
    for (const { status } of await settled) expect(status).toBe('rejected');
    await until(async () => !(await isRunning('pg_sleep')()));
    await expectIntact(path);
  });

  it('is closed where it is given back as broken, and the statement goes on no more either', async () => {
    const path = await openDataPath();
    const runner = path.acme.createQueryRunner() as unknown as BreakableRunner;
    const failed = expect(runner.query('SELECT pg_sleep(60)')).rejects.toThrow('terminated');
    await until(isRunning('pg_sleep'));
    await runner.releasePostgresConnection(new Error('It is of no use.'));
    await failed;
    await until(async () => !(await isRunning('pg_sleep')()));
    await expectIntact(path);
  });

  it('cancels nothing of whoever has it next, however late the request arrives', async () => {
    const link = await openLink();
    const path = await openDataPath({ url: link.url });
    const holder = new pg.Client(database.url);
    await holder.connect();
    await holder.query('BEGIN; LOCK TABLE t_acme.notes');
    const runner = path.acme.createQueryRunner();
    const read = Promise.allSettled([runner.query('SELECT owner FROM notes')]);
    await until(isRunning('notes'));
    const held = link.holdCancelRequest();
    await runner.release();
    await held;
    await holder.end();
    await read;
    const slow = path.globex.query("SELECT owner, 'next', pg_sleep(0.5) FROM notes");
    await until(isRunning("'next'"));
    await link.restore();
    expect(await slow).toMatchObject([{ owner: 'globex' }]);
  });

  it('is closed where its server does not answer while its session is cleared', async () => {
    const link = await openLink();
    const path = await openDataPath({ url: link.url });
    const runner = path.acme.createQueryRunner();
    await runner.query('SELECT pg_advisory_lock(1)');
    link.stall();
    await runner.release();
    await until(() => path.pool.totalCount === 0);
    await link.restore();
    await expectIntact(path);
  });
});

describe('destroy()', () => {
  it('answers everybody: who works, who is in a transaction, who waits', async () => {
    const path = await openDataPath({ poolSize: 3 });
    let isClosed = false;
    const working = [
      path.acme.query('SELECT pg_sleep(60)'),
      path.acme.transaction((manager) => manager.query('SELECT pg_sleep(60)')),
      path.globex.transaction(async (manager) => {
        await manager.query("INSERT INTO notes (owner) VALUES ('globex')");
        await until(() => isClosed);
      }),
    ];
    const settled = Promise.allSettled(working);
    await until(async () => (await backends()).filter(({ state }) => state !== 'idle').length === 3);
    const waiting = Promise.allSettled(Array.from({ length: 20 }, () => readOwner(path.globex)));
    await until(() => path.pool.waitingCount === 20);
    await path.factory.destroy();
    isClosed = true;
    for (const answer of [...(await settled), ...(await waiting)]) expect(answer.status).toBe('rejected');
    await until(async () => (await backends()).length === 0);
    expect(await database.query('SELECT owner FROM t_globex.notes')).toEqual([{ owner: 'globex' }]);
  });

  it.each([
    ['that answers', false],
    ['that does not answer any more', true],
  ])('leaves nothing that keeps the process, before a server %s', async (_how, isStalled) => {
    const link = await openLink();
    const script = fileURLToPath(new URL('support/leave-at-work.mjs', import.meta.url));
    const child = spawn(process.execPath, [script, link.url], { stdio: ['pipe', 'pipe', 'inherit'] });
    const output = createInterface(child.stdout);
    const lines: string[] = [];
    output.on('line', (line) => {
      lines.push(line);
      if (lines.length > 1) return;
      if (isStalled) link.stall();
      child.stdin.end();
    });
    const [code] = await once(child, 'exit');
    expect({ code, lines }).toEqual({ code: 0, lines: ['at work', '12'] });
  });
});
