import { spawnSync } from 'node:child_process';
import pg from 'pg';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  COMMAND_APP,
  TENANCY,
  tenancy,
  tenancyJson,
  TenancyProcess,
} from '../../../../test/support/tenancy-command.js';
import { useTestDatabase } from '../../../../test/support/test-database.js';

const database = useTestDatabase();
const FIRST = 'CreateBooks1760000000000';
const SECOND = 'UniqueTitles1760000000001';
const THIRD = 'WaitForTheTest1760000000002';
let tenants: Array<{ id: string; schema: string }>;
let app: Record<string, string>;

beforeEach(async () => {
  const schemas = await database.query<{ name: string }>(
    "SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 't\\_%'",
  );
  for (const { name } of schemas) await database.query(`DROP SCHEMA ${name} CASCADE`);
  await makeTenants(2);
});

async function makeTenants(count: number): Promise<void> {
  const ids = ['acme', 'globex', ...Array.from({ length: count }, (_, n) => `other${n + 3}`)].slice(0, count);
  tenants = ids.map((id) => ({ id, schema: `t_${id}` }));
  for (const { id, schema } of tenants) {
    await database.query(`CREATE SCHEMA IF NOT EXISTS ${schema} AUTHORIZATION ${database.appRole}`);
    await database.query(`COMMENT ON SCHEMA ${schema} IS 'tenant ${id}'`);
  }
  app = { DATABASE_URL: database.appUrl, TENANTS: JSON.stringify(tenants), MIGRATIONS: '1' };
}

/** Every table, column, constraint and migration in the tenants' schemas. */
async function everything(): Promise<unknown> {
  const catalog = await database.query(
    `SELECT nspname, relname, attname, conname FROM pg_namespace AS n
       LEFT JOIN pg_class AS c ON relnamespace = n.oid LEFT JOIN pg_attribute AS a ON attrelid = c.oid
       LEFT JOIN pg_constraint AS k ON k.conrelid = c.oid
      WHERE nspname LIKE 't\\_%' ORDER BY 1, 2, 3, 4`,
  );
  return { catalog, migrations: await Promise.all(tenants.map(({ schema }) => migrationsOf(schema))) };
}

async function migrationsOf(schema: string): Promise<string[] | undefined> {
  const [{ table }] = await database.query<{ table: string | null }>('SELECT to_regclass($1)::text AS table', [
    `${schema}.migrations`,
  ]);
  if (table === null) return undefined;
  return (await database.query<{ name: string }>(`SELECT name FROM ${schema}.migrations ORDER BY id`)).map(
    ({ name }) => name,
  );
}

describe('tenancy migrate', () => {
  it('runs what is pending for every tenant', async () => {
    const { exitCode, stdout, stderr } = await tenancy(['migrate'], { ...app, MIGRATIONS: '2' });

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^2 tenants in .*: 2 migrated\n$/);
    // What the application prints is no part of the answer.
    expect(stderr).toContain('A migration that prints.\n');
    for (const { schema } of tenants) expect(await migrationsOf(schema)).toEqual([FIRST, SECOND]);
  });

  it('has nothing to do the second time', async () => {
    await tenancy(['migrate'], app);
    const { exitCode, document } = await tenancyJson(['migrate'], app);

    expect(exitCode).toBe(0);
    expect(document).toMatchObject({ isComplete: true, counts: { current: 2, migrated: 0 } });
  });

  it('migrates only the tenants that are named', async () => {
    await tenancy(['migrate', '--tenant', 'globex'], app);

    expect(await migrationsOf('t_acme')).toBeUndefined();
    expect(await migrationsOf('t_globex')).toEqual([FIRST]);
  });

  it('says with --dry-run what it would do, and does nothing', async () => {
    await tenancy(['migrate', '--tenant', 'acme'], app);
    const before = await everything();

    const { exitCode, stdout } = await tenancy(['migrate', '--dry-run'], { ...app, MIGRATIONS: '2' });

    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      `Would migrate 2 tenants of 2. Nothing was done.\n  acme (t_acme): ${SECOND}\n  globex (t_globex): ${FIRST}, ${SECOND}\n`,
    );
    expect(await everything()).toEqual(before);
  });

  describe('where one tenant’s data is in the way', () => {
    beforeEach(async () => {
      await makeTenants(5);
      await tenancy(['migrate'], app);
      await database.query("INSERT INTO t_globex.books VALUES (1, 'Twice'), (2, 'Twice')");
    });

    it('migrates the others, names the one with the server’s code, and ends with 1', async () => {
      const { exitCode, stdout, stderr } = await tenancy(['migrate'], { ...app, MIGRATIONS: '2' });

      expect(exitCode).toBe(1);
      const failure = new RegExp(`failed globex: .*${SECOND}: .*unique.*\\(TENANT_MIGRATION_FAILED, SQLSTATE 23505\\)`);
      expect(stderr).toMatch(failure);
      expect(stdout).toMatch(/5 tenants in .*: 4 migrated, 1 failed/);
      expect(stdout).toMatch(failure);
      expect(await migrationsOf('t_globex')).toEqual([FIRST]);
    });

    it('says so to machines in one document', async () => {
      const { exitCode, document, stderr } = await tenancyJson(['migrate', '-q'], { ...app, MIGRATIONS: '2' });

      expect(exitCode).toBe(1);
      expect(document).toMatchObject({
        isComplete: false,
        counts: { migrated: 4, failed: 1 },
        results: [
          { tenantId: 'acme', outcome: 'migrated', migrations: [SECOND] },
          {
            tenantId: 'globex',
            outcome: 'failed',
            error: { code: 'TENANT_MIGRATION_FAILED', migration: SECOND, sqlState: '23505' },
          },
          {},
          {},
          {},
        ],
      });
      // Nothing but the failure on the way.
      expect(stderr.trim().split('\n')).toHaveLength(1);
    });

    it('touches nobody else where the one is a canary', async () => {
      await database.query("INSERT INTO t_acme.books VALUES (1, 'Twice'), (2, 'Twice')");
      const { exitCode, stdout } = await tenancy(['migrate', '--canary', '2'], { ...app, MIGRATIONS: '2' });

      expect(exitCode).toBe(1);
      expect(stdout).toContain('One of the first tenants failed: nobody else was touched.');
      expect(await migrationsOf('t_other3')).toEqual([FIRST]);
    });
  });
});

describe('tenancy revert', () => {
  beforeEach(async () => {
    await tenancy(['migrate'], { ...app, MIGRATIONS: '2' });
  });

  it('wants to be told which tenants and which migration', async () => {
    const before = await everything();
    const two = { ...app, MIGRATIONS: '2' };

    expect(await tenancy(['revert', '--migration', SECOND], two)).toMatchObject({ exitCode: 2 });
    expect(await tenancy(['revert', '--all'], two)).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await everything()).toEqual(before);
  });

  it('says with --dry-run which one is the last, and does nothing', async () => {
    const before = await everything();
    const { exitCode, stdout } = await tenancy(['revert', '--all', '--dry-run'], { ...app, MIGRATIONS: '2' });

    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Would revert 2 tenants of 2. Nothing was done.\n  acme (t_acme): ${SECOND}`);
    expect(await everything()).toEqual(before);
  });

  it('takes the migration back, and repeating it changes nothing', async () => {
    const args = ['revert', '--tenant', 'acme', '--migration', SECOND];
    const first = await tenancyJson(args, { ...app, MIGRATIONS: '2' });
    const second = await tenancyJson(args, { ...app, MIGRATIONS: '2' });

    expect(first).toMatchObject({ exitCode: 0, document: { counts: { reverted: 1 } } });
    expect(second).toMatchObject({ exitCode: 0, document: { counts: { current: 1, reverted: 0 } } });
    expect(await migrationsOf('t_acme')).toEqual([FIRST]);
    expect(await migrationsOf('t_globex')).toEqual([FIRST, SECOND]);
  });
});

describe('Ctrl-C while tenants are migrated', () => {
  const gate = '4711';
  let holder: pg.Client;
  let running: TenancyProcess;

  beforeEach(async () => {
    await makeTenants(12);
    await tenancy(['migrate', '-q'], { ...app, MIGRATIONS: '2' });
    holder = new pg.Client(database.url);
    await holder.connect();
    await holder.query(`SELECT pg_advisory_lock(${gate})`);
    const args = [
      'migrate',
      '--canary',
      '0',
      '--concurrency',
      '2',
      '--no-replay',
      '--lock-timeout',
      '600000',
      '--json',
    ];
    running = new TenancyProcess(args, { ...app, MIGRATIONS: '3' });
    // Two tenants are at work, and wait in the middle of their migration.
    await vi.waitUntil(async () => (await waiting()) === 2, { timeout: 20_000 });
    return async () => {
      running.child.kill('SIGKILL');
      await holder.end();
    };
  });

  async function waiting(): Promise<number> {
    const [{ number }] = await database.query<{ number: number }>(
      `SELECT count(*)::int AS number FROM pg_locks JOIN pg_database ON database = pg_database.oid
        WHERE locktype = 'advisory' AND objid = ${gate} AND NOT granted AND datname = current_database()`,
    );
    return number;
  }

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'finishes who is at work after one %s, and the next run goes on from there',
    async (signal) => {
      running.child.kill(signal);
      await vi.waitUntil(() => running.stderr.includes('Interrupted.'), { timeout: 20_000 });
      await holder.query(`SELECT pg_advisory_unlock(${gate})`);
      const { exitCode, stdout } = await running.ended;

      expect(exitCode).toBe(130);
      expect(JSON.parse(stdout)).toMatchObject({ ended: 'signal', counts: { migrated: 2, skipped: 10 } });

      const again = await tenancyJson(['migrate'], { ...app, MIGRATIONS: '3' });
      expect(again).toMatchObject({ exitCode: 0, document: { counts: { migrated: 10, current: 2 } } });
      for (const { schema } of tenants) expect(await migrationsOf(schema)).toEqual([FIRST, SECOND, THIRD]);
      expect(await tenancy(['drift'], { ...app, MIGRATIONS: '3' })).toMatchObject({ exitCode: 0 });
    },
  );

  it('ends at once the second time, and leaves nothing half done', async () => {
    running.child.kill('SIGINT');
    await vi.waitUntil(() => running.stderr.includes('Interrupted.'), { timeout: 20_000 });
    // One press may arrive twice: what counts is one that comes later.
    const again = setInterval(() => running.child.kill('SIGINT'), 50);
    const { exitCode, stdout } = await running.ended;
    clearInterval(again);

    expect(exitCode).toBe(130);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'INTERRUPTED' } });
    await holder.query(`SELECT pg_advisory_unlock(${gate})`);
    for (const { schema } of tenants) expect(await migrationsOf(schema)).toEqual([FIRST, SECOND]);
    expect(await tenancy(['migrate'], { ...app, MIGRATIONS: '3' })).toMatchObject({ exitCode: 0 });
  });
});

const hasScript = spawnSync('script', ['-qec', 'true', '/dev/null']).status === 0;

describe.skipIf(!hasScript)('on a terminal', () => {
  it('shows a bar with the rate and what is left', async () => {
    await makeTenants(6);
    const { stdout } = spawnSync('script', ['-qec', `${process.execPath} ${TENANCY} migrate`, '/dev/null'], {
      cwd: COMMAND_APP,
      env: { ...process.env, ...app, TERM: 'xterm' },
      encoding: 'utf8',
    });

    expect(stdout).toContain('[                        ] 0 of 6');
    expect(stdout).toMatch(/\[={24}\] 6 of 6, \d+(\.\d)?\/s/);
    expect(stdout).toContain('6 migrated');
  });
});
