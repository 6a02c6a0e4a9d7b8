import { afterEach, describe, expect, it } from 'vitest';
import type { Change } from '../../../../../test/support/byte-proxy.js';
import { startByteProxy } from '../../../../../test/support/byte-proxy.js';
import { hasPgBouncer, startPgBouncer } from '../../../../../test/support/pgbouncer.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantDataSourceFactory } from '../tenant-data-source.factory.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const database = useTestDatabase();
const left: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const close of left.splice(0).toReversed()) await close();
});

/** Starts over an address, as the module does; tells what a statement of a tenant then finds. */
async function start(url: string, poolSize = 4): Promise<string> {
  const factory = new TenantDataSourceFactory({ url, poolSize }, async () => acme);
  left.push(() => factory.destroy());
  await factory.initialize();
  const [row] = await factory.forTenant(acme).query("SELECT current_setting('search_path') AS path WHERE $1", [true]);
  return row.path as string;
}

async function through(changes: { toServer?: Change; toClient?: Change }): Promise<string> {
  const proxy = await startByteProxy(database.appUrl, changes);
  left.push(() => proxy.close());
  return proxy.url;
}

describe('a server that keeps the binding of a statement', () => {
  it('is accepted, with one connection and with several', async () => {
    expect(await start(database.appUrl, 1)).toBe('"t_acme", pg_temp');
    expect(await start(database.appUrl)).toBe('"t_acme", pg_temp');
  });

  it('is accepted through what only passes it on', async () => {
    expect(await start(await through({}))).toBe('"t_acme", pg_temp');
  });

  it('is left as it was: nothing is open, and no session keeps what it was told', async () => {
    await start(database.appUrl);
    const sessions = await database.query<{ state: string }>(
      "SELECT state FROM pg_stat_activity WHERE usename = $1 AND state <> 'idle'",
      [database.appRole],
    );
    expect(sessions).toEqual([]);
  });

  it('is refused where it cannot be reached, as pg says it', async () => {
    await expect(start('postgres://127.0.0.1:1/nothing')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe.skipIf(!hasPgBouncer)('PgBouncer', () => {
  it.each([
    ['transaction', 1],
    ['transaction', 4],
    ['session', 4],
  ] as const)('is accepted in %s mode, with %i server connections', async (mode, connections) => {
    const pooler = await startPgBouncer(database.appUrl, connections, mode);
    left.push(() => pooler.stop());

    expect(await start(pooler.url)).toBe('"t_acme", pg_temp');
  });

  it('is refused in statement mode, which has no transactions', async () => {
    const pooler = await startPgBouncer(database.appUrl, 4, 'statement');
    left.push(() => pooler.stop());

    const starting = start(pooler.url);
    await expect(starting).rejects.toThrow(TenancyOptionsError);
    await expect(starting).rejects.toThrow(/statement pooling mode[\s\S]*pool_mode = transaction/);
  });
});

describe('a proxy that breaks the binding', () => {
  // In the two spellings in which a statement is told its path.
  const CALL = "set_config('search_path'";
  const STATEMENT = 'SET LOCAL search_path';
  // PostgreSQL 18 says so itself, of the first statement that it happens to.
  const STILL_SET = /probe_\w+.* was still set in the session|The server works in the search_path .*probe_/;

  it.each<[string, Change, RegExp]>([
    [
      'drops it from statements with parameters',
      (text) => text.replaceAll(CALL, "set_config('other.path1'"),
      /sent with the search_path probe_\w+ ran with (?!probe)/,
    ],
    [
      'drops it from statements without',
      (text) => text.replaceAll(/SET LOCAL search_path[^;]*;/g, (dropped) => ' '.repeat(dropped.length)),
      /the answer to what binds a statement was lost/,
    ],
    [
      'leaves it in the session, of statements with parameters',
      (text) => text.replaceAll(', true)', ', null)'),
      STILL_SET,
    ],
    [
      'leaves it in the session, of statements without',
      (text) => text.replaceAll(STATEMENT, 'SET       search_path'),
      STILL_SET,
    ],
    [
      'makes no transaction of a BEGIN',
      (text) => text.replaceAll(/begin(?=\0\0\0)/g, 'reset'),
      /a statement that was bound failed/,
    ],
    [
      'hands a statement the path of another one',
      (text) => text.replaceAll(/probe_\w{16}/g, `probe_${'0'.repeat(16)}`),
      /sent with the search_path probe_\w+ ran with "?probe_0+/,
    ],
  ])('is refused: one that %s', async (_what, toServer, message) => {
    const starting = start(await through({ toServer }));
    await expect(starting).rejects.toThrow(TenancyOptionsError);
    await expect(starting).rejects.toThrow(message);
  });
});

describe('a server that is another product, or too old', () => {
  it.each<[string, Change, string]>([
    [
      'an old PostgreSQL',
      (text) => text.replaceAll(/(?<!\d)1\d00\d\d(?!\d)/g, '140011').replaceAll(/PostgreSQL 1\d/g, 'PostgreSQL 14'),
      'PostgreSQL 15 or newer',
    ],
    ['another product', (text) => text.replaceAll('PostgreSQL ', 'CockroachDB'), 'is CockroachDB1'],
  ])('is refused: %s', async (_what, toClient, message) => {
    const starting = start(await through({ toClient }));
    await expect(starting).rejects.toThrow(TenancyOptionsError);
    await expect(starting).rejects.toThrow(message);
  });
});
