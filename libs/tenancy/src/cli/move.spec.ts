import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tenancy, tenancyJson } from '../../../../test/support/tenancy-command.js';
import { useTestDatabase } from '../../../../test/support/test-database.js';

const database = useTestDatabase();
const europe = useTestDatabase();
let app: Record<string, string>;

/** The registry's own table, in which a move is noted; acme and its books. */
beforeEach(async () => {
  for (const server of [database, europe]) await server.query('DROP SCHEMA IF EXISTS t_acme CASCADE');
  await database.query('DROP TABLE IF EXISTS public.tenants');
  await database.query(
    `CREATE TABLE public.tenants (id text PRIMARY KEY, name text, schema text, status text DEFAULT 'active',
       domains text[] DEFAULT '{}', plan text DEFAULT 'default', config jsonb DEFAULT '{}', database text,
       metadata jsonb DEFAULT '{}')`,
  );
  await database.query("INSERT INTO public.tenants (id, name, schema) VALUES ('acme', 'Acme', 't_acme')");
  await database.query(`GRANT USAGE ON SCHEMA public TO ${database.appRole}`);
  await database.query(`GRANT SELECT, UPDATE ON public.tenants TO ${database.appRole}`);
  await database.query(`CREATE SCHEMA t_acme AUTHORIZATION ${database.appRole}`);
  await database.query("COMMENT ON SCHEMA t_acme IS 'tenant acme'");
  app = { DATABASE_URL: database.appUrl, DATABASE_URL_EU: europe.appUrl, PLACES: 'yes' };
  expect(await tenancy(['migrate', '-q'], app)).toMatchObject({ exitCode: 0 });
  await database.query("INSERT INTO t_acme.books SELECT n, 'Book ' || n FROM generate_series(1, 100) AS n");
});

const booksIn = async (server: typeof database): Promise<number | undefined> => {
  const [{ table }] = await server.query<{ table: string | null }>("SELECT to_regclass('t_acme.books')::text AS table");
  if (table === null) return undefined;
  return (await server.query<{ number: number }>('SELECT count(*)::int AS number FROM t_acme.books'))[0].number;
};

describe('tenancy move', () => {
  it('moves a tenant, says how long writes were refused, and keeps the old schema until it is confirmed', async () => {
    const { exitCode, stdout } = await tenancy(['move', 'acme', '--to', 'eu'], app);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^moved acme from default to eu in .*: 10[12] rows of 2 tables .*; writes were refused for /,
    );
    expect(stdout).toContain('tenancy move acme --confirm acme');
    expect([await booksIn(database), await booksIn(europe)]).toEqual([100, 100]);
    expect(await tenancyJson(['move', 'acme', '--status'], app)).toMatchObject({
      document: { state: 'moved', from: 'default', to: 'eu', database: 'eu' },
    });

    expect(await tenancy(['move', 'acme', '--confirm', 'globex'], app)).toMatchObject({ exitCode: 2 });
    expect(await booksIn(database)).toBe(100);
    expect(await tenancy(['move', 'acme', '--confirm', 'acme'], app)).toMatchObject({
      exitCode: 0,
      stdout: 'acme (t_acme) on eu: settled\n',
    });
    expect([await booksIn(database), await booksIn(europe)]).toEqual([undefined, 100]);
  });

  it('says with --dry-run whether it could be moved, and moves nothing', async () => {
    const { exitCode, stdout } = await tenancy(['move', 'acme', '--to', 'eu', '--dry-run'], app);

    expect(exitCode).toBe(0);
    expect(stdout).toBe('acme can be moved from default to eu. Nothing was done.\n');
    expect([await booksIn(database), await booksIn(europe)]).toEqual([100, undefined]);
    await database.query("INSERT INTO t_acme.books VALUES (101, 'Still written')");
  });

  it('says why it cannot be moved, and ends with 1', async () => {
    await database.query('ALTER TABLE t_acme.books ADD COLUMN sneaked text');
    const { exitCode, document } = await tenancyJson(['move', 'acme', '--to', 'eu'], app);

    expect(exitCode).toBe(1);
    expect(document).toMatchObject({
      error: { code: 'TENANT_MOVE_FAILED', message: expect.stringContaining('books') },
    });
    expect(await booksIn(europe)).toBeUndefined();
  });

  it.each([
    [['move', 'acme']],
    [['move', 'acme', '--to', 'mars']],
    [['move', 'acme', '--to', 'eu', '--undo']],
    [['move', 'nobody', '--to', 'eu']],
  ])('refuses %j', async (args) => {
    expect(await tenancy(args, app)).toMatchObject({ exitCode: 2, stdout: '' });
    expect(await booksIn(europe)).toBeUndefined();
  });
});

describe('tenancy export', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tenancy-export-'));
    return () => rm(folder, { recursive: true });
  });

  it('writes all that a tenant has into a folder', async () => {
    const { exitCode, stdout } = await tenancy(['export', 'acme', join(folder, 'acme')], app);

    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^exported acme to .*: 10[12] rows of 2 tables/);
    expect((await readdir(join(folder, 'acme'))).sort()).toEqual(['books.csv', 'manifest.json', 'migrations.csv']);
  });

  it('writes nothing with --dry-run', async () => {
    expect(await tenancy(['export', 'acme', join(folder, 'acme'), '--dry-run'], app)).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(folder, 'acme'))).toBe(false);
  });

  it('refuses a folder that is there, and a tenant that is not', async () => {
    expect(await tenancy(['export', 'acme', folder], app)).toMatchObject({ exitCode: 2 });
    expect(await tenancy(['export', 'acme', folder, '--dry-run'], app)).toMatchObject({ exitCode: 2 });
    expect(await tenancy(['export', 'nobody', join(folder, 'new')], app)).toMatchObject({ exitCode: 2 });
    expect(await readdir(folder)).toEqual([]);
  });
});
