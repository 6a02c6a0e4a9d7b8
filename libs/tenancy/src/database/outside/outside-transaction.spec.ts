import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startByteProxy } from '../../../../../test/support/byte-proxy.js';
import { hasPgBouncer, startPgBouncer } from '../../../../../test/support/pgbouncer.js';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { runInScope } from '../../context/tenancy-scope.js';
import {
  TenantContextMissingError,
  TenantDatabaseUnknownError,
  TenantMismatchError,
  UnsupportedStatementError,
} from '../../tenancy.errors.js';
import { defineTenant } from '../../tenants/tenant.js';
import type { LocalSetting } from '../binding/statement-prefix.js';
import { TenantBindings } from '../binding/tenant-binding.js';
import { OutsideTransaction } from './outside-transaction.js';
import { TenantDataSourceFactory } from '../tenant-data-source.factory.js';
import { TenantDatabase } from '../tenant-database.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex', database: 'eu' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);

const main = useTestDatabase();
const eu = useTestDatabase();
let factory: TenantDataSourceFactory;
let database: TenantDatabase;

const over = (opened: TenantDataSourceFactory): TenantDatabase =>
  new TenantDatabase(opened.dataSource, async () => acme, opened.outside);

beforeAll(async () => {
  factory = new TenantDataSourceFactory(
    { default: { url: main.appUrl, extra: { statement_timeout: 200 } }, eu: { url: eu.appUrl } },
    async () => acme,
  );
  await factory.initialize();
  database = over(factory);
});
afterAll(() => factory.destroy());

beforeEach(async () => {
  for (const [{ query, appRole }, schema] of [
    [main, 't_acme'],
    [eu, 't_globex'],
  ] as const) {
    await query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await query(`CREATE SCHEMA ${schema} AUTHORIZATION ${appRole}`);
    await query(`CREATE TABLE ${schema}.messages (id serial PRIMARY KEY, body text NOT NULL)`);
    await query(`ALTER TABLE ${schema}.messages OWNER TO ${appRole}`);
  }
});

const indexes = async ({ query }: typeof main): Promise<string[]> =>
  (
    await query<{ name: string }>(
      "SELECT schemaname || '.' || indexname AS name FROM pg_indexes WHERE indexname = 'by_body'",
    )
  ).map(({ name }) => name);
const backends = ({ query, appRole }: typeof main) =>
  query("SELECT 1 FROM pg_stat_activity WHERE usename = $1 AND query LIKE '%/* beside */%'", [appRole]);

describe('a statement that cannot run in a transaction', () => {
  it.each(['VACUUM messages', 'CREATE INDEX CONCURRENTLY by_body ON messages (body)'])(
    'is refused before it is sent, with where it can run: %s',
    async (sql) => {
      const sent = factory.forTenant(acme).query(sql);
      await expect(sent).rejects.toMatchObject({ driverError: expect.any(UnsupportedStatementError) });
      await expect(sent).rejects.toThrow('TenantDatabase.outsideTransaction()');
    },
  );

  it('is told so by the server where only that knows', async () => {
    await main.query('CREATE TABLE t_acme.parts (id int) PARTITION BY LIST (id)');
    await main.query('CREATE INDEX ON t_acme.parts (id)');
    await main.query(`ALTER TABLE t_acme.parts OWNER TO ${main.appRole}`);

    for (const reindex of ['REINDEX TABLE parts', 'SELECT 1; REINDEX TABLE parts']) {
      const sent = factory.forTenant(acme).query(reindex);
      await expect(sent).rejects.toMatchObject({ code: '25001' });
      await expect(sent).rejects.toThrow('TenantDatabase.outsideTransaction()');
    }
    // The same code, and nothing that the other way would mend.
    const late = factory.forTenant(acme).transaction(async (manager) => {
      await manager.query('SELECT 1');
      await manager.query('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
    });
    await expect(late).rejects.toMatchObject({ code: '25001' });
    await expect(late).rejects.not.toThrow('outsideTransaction');
  });

  it('runs outside of one, for the current tenant and for a named one, on its server', async () => {
    await asAcme(() =>
      database.outsideTransaction(async (query) => {
        await query('CREATE INDEX CONCURRENTLY by_body ON messages (body)');
        await query('VACUUM (ANALYZE) messages');
      }),
    );
    expect(await indexes(main)).toEqual(['t_acme.by_body']);

    await database.outsideTransaction(globex, (query) => query('CREATE INDEX CONCURRENTLY by_body ON messages (body)'));
    expect(await indexes(eu)).toEqual(['t_globex.by_body']);

    await asGlobex(() => database.outsideTransaction('acme', (query) => query('DROP INDEX CONCURRENTLY by_body')));
    expect(await indexes(main)).toEqual([]);
    expect(await indexes(eu)).toEqual(['t_globex.by_body']);
  });

  it('runs for the system too', async () => {
    const schema = await runInScope({ system: true }, () =>
      database.outsideTransaction((query) => query('SELECT current_schema() AS schema')),
    );
    expect(schema).toEqual([{ schema: 'public' }]);
  });
});

describe('work outside a transaction', () => {
  it('takes parameters, answers with rows, and returns what it returns', async () => {
    const answer = await database.outsideTransaction(acme, async (query) => {
      await query('INSERT INTO messages (body) VALUES ($1)', ['hello']);
      return query<{ body: string }>('SELECT body FROM messages WHERE id > $1', [0]);
    });
    expect(answer).toEqual([{ body: 'hello' }]);
  });

  it('has the tenant’s path for its whole life, whatever it sets', async () => {
    const path = 'SHOW search_path';
    await database.outsideTransaction(acme, async (query) => {
      expect(await query(path)).toEqual([{ search_path: '"t_acme", pg_temp' }]);
      await query("SET lock_timeout = '1s'");
      await query('SET search_path TO public');
      await expect(query(path)).rejects.toThrow('search_path is public and was opened as "t_acme", pg_temp');
    });
  });

  it('has no limit of time', async () => {
    await expect(factory.forTenant(acme).query('SELECT pg_sleep(1)')).rejects.toThrow('statement timeout');
    await database.outsideTransaction(acme, async (query) => {
      expect(await query('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
    });
  });

  it('keeps options that the address has', async () => {
    const url = `${main.appUrl}?options=${encodeURIComponent('-c lock_timeout=77 -c statement_timeout=5')}`;
    const outside = new OutsideTransaction(new TenantBindings(), () => ({ connectionString: url }));
    const shown = await outside.run(acme, (query) =>
      query("SELECT current_setting('lock_timeout') AS l, current_setting('statement_timeout') AS s"),
    );
    expect(shown).toEqual([{ l: '77ms', s: '0' }]);
  });

  it('is told all that binds the tenant’s other statements', async () => {
    await main.query(`CREATE ROLE ${main.appRole}_acme`);
    await main.query(`GRANT ${main.appRole}_acme TO ${main.appRole}`);
    await main.query(`GRANT USAGE ON SCHEMA t_acme TO ${main.appRole}_acme`);
    await main.query("CREATE FUNCTION t_acme.leave() RETURNS text RETURN set_config('role', 'none', false)");
    const settings: LocalSetting[] = [
      ['role', `${main.appRole}_acme`],
      ['statement_timeout', '5'],
    ];
    const outside = new OutsideTransaction(new TenantBindings({ settingsOf: () => settings }), () => ({
      connectionString: main.appUrl,
    }));
    await outside.run(acme, async (query) => {
      expect(await query('SELECT current_user::text AS name')).toEqual([{ name: `${main.appRole}_acme` }]);
      expect(await query('SHOW statement_timeout')).toEqual([{ statement_timeout: '0' }]);
      await expect(query('SET ROLE NONE; SELECT 1')).rejects.toThrow("keeps the tenant's role");
      await query('SELECT leave()');
      await expect(query('SELECT 1')).rejects.toThrow('The role is none');
    });
    await main.query(`DROP OWNED BY ${main.appRole}_acme`);
    await main.query(`DROP ROLE ${main.appRole}_acme`);
  });

  it('is refused without a tenant, for a tenant of no server, and to another tenant than its own', async () => {
    const nothing = async () => undefined;
    const lost = defineTenant({ id: 'lost', schema: 't_lost', database: 'mars' });
    await expect(database.outsideTransaction(nothing)).rejects.toThrow(TenantContextMissingError);
    await expect(database.outsideTransaction(lost, nothing)).rejects.toThrow(TenantDatabaseUnknownError);
    await database.outsideTransaction(acme, async (query) => {
      await expect(asGlobex(() => query('SELECT 1'))).rejects.toThrow(TenantMismatchError);
      await expect(runInScope(undefined, () => query('SELECT 1'))).rejects.toThrow(TenantContextMissingError);
    });
  });

  it('leaves no connection, whether it returns, throws or loses its server', async () => {
    await database.outsideTransaction(acme, (query) => query('SELECT 1 /* beside */'));
    await expect(
      database.outsideTransaction(acme, async (query) => {
        await query('SELECT 1 /* beside */');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await expect(
      database.outsideTransaction(acme, (query) => query('SELECT pg_terminate_backend(pg_backend_pid()) /* beside */')),
    ).rejects.toThrow(/terminat/);
    await expect.poll(() => backends(main)).toEqual([]);
  });

  it('is over when it returns', async () => {
    const late = await database.outsideTransaction(acme, async (query) => query);
    await expect(asAcme(() => late('SELECT 1'))).rejects.toThrow('The work is over');
  });

  it('says so where it leaves a transaction open', async () => {
    const work = database.outsideTransaction(acme, async (query) => {
      await query('BEGIN');
      await query("INSERT INTO messages (body) VALUES ('gone')");
    });
    await expect(work).rejects.toThrow('left a transaction open');
    expect(await main.query('SELECT 1 FROM t_acme.messages')).toEqual([]);
  });
});

describe('several works at once', () => {
  it('take turns on a server, and go on after one that failed', async () => {
    let running = 0;
    let most = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, (_, n) =>
        database.outsideTransaction(acme, async (query) => {
          running += 1;
          most = Math.max(most, running);
          await query('SELECT pg_sleep(0.02)').finally(() => (running -= 1));
          if (n === 1) throw new Error('no');
          return n;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(results.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
  });

  it('do not wait for those of another server, and never for themselves', async () => {
    await database.outsideTransaction(acme, async () => {
      expect(await database.outsideTransaction(globex, (query) => query('SELECT 1 AS one'))).toEqual([{ one: 1 }]);
      const nested = await Promise.allSettled([
        database.outsideTransaction(async () => undefined),
        database.outsideTransaction(acme, async () => undefined),
        database.outsideTransaction(globex, () => database.outsideTransaction(acme, async () => undefined)),
      ]);
      for (const one of nested) expect(String((one as PromiseRejectedResult).reason)).toContain('wait for itself');
    });
  });
});

describe('behind a pooler', () => {
  const poolers: Array<() => Promise<void>> = [];
  afterEach(async () => {
    for (const stop of poolers.splice(0)) await stop();
  });

  async function refusedThrough(url: string): Promise<void> {
    const pooled = new TenantDataSourceFactory({ url }, async () => acme);
    let begun = false;
    try {
      await pooled.initialize();
      const work = over(pooled).outsideTransaction(acme, async () => (begun = true));
      await expect(work).rejects.toThrow(UnsupportedStatementError);
      await expect(work).rejects.toThrow('straight to PostgreSQL');
      expect(begun).toBe(false);
    } finally {
      await pooled.destroy();
    }
  }

  it.skipIf(!hasPgBouncer).each([
    ['transaction', 'that takes no options', ''],
    ['session', 'that takes no options', ''],
    ['transaction', 'that drops them', 'ignore_startup_parameters = options'],
  ] as const)('it is refused before it begins: in %s mode, by one %s', async (mode, _what, settings) => {
    const pooler = await startPgBouncer(main.appUrl, 4, mode, settings);
    poolers.push(pooler.stop);
    await refusedThrough(pooler.url);
  });

  it('it is refused by one that passes them on, too', async () => {
    // The process that a session is said to be: a pooler makes it up.
    const toClient = (text: string) => text.replaceAll(/K\0\0\0\f[^]{4}/g, 'K\0\0\0\f\0\0\0\x07');
    const pooler = await startByteProxy(main.appUrl, { toClient });
    poolers.push(pooler.close);
    await refusedThrough(pooler.url);
  });
});
