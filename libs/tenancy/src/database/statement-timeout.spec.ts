import Cursor from 'pg-cursor';
import type { DataSource, QueryRunner } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../test/support/test-database.js';
import { tenancyErrorOf } from '../resolution/tenancy-error-of.js';
import { runInScope } from '../context/tenancy-scope.js';
import { StatementTimeoutError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';
import type { TenantDatabaseOptions } from './tenant-database-options.js';
import { TenantDataSourceFactory } from './tenant-data-source.factory.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme', plan: 'gold' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const SLOW = 'SELECT pg_sleep(30)';
const SHOWN = 'SHOW statement_timeout';

const database = useTestDatabase();
const open: TenantDataSourceFactory[] = [];

async function connect(
  statementTimeout: TenantDatabaseOptions['statementTimeout'],
  options: Partial<TenantDatabaseOptions> = {},
): Promise<TenantDataSourceFactory> {
  const factory = new TenantDataSourceFactory(
    { url: database.appUrl, statementTimeout, poolSize: 2, ...options },
    async () => acme,
  );
  await factory.initialize();
  open.push(factory);
  return factory;
}

async function timeoutOf(dataSource: Pick<DataSource, 'query'>): Promise<string> {
  const [row] = await dataSource.query<Array<{ statement_timeout: string }>>(SHOWN);
  return row.statement_timeout;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((factory) => factory.destroy()));
  await database.query(`ALTER ROLE ${database.appRole} RESET statement_timeout`);
});

describe('the timeout of a tenant’s statements', () => {
  it('cuts off a slow one, however it is sent, and says so', async () => {
    const factory = await connect(50);
    const ofAcme = factory.forTenant(acme);
    const expected = {
      driverError: { code: 'STATEMENT_TIMEOUT', tenantId: 'acme', timeout: 50, cause: { code: '57014' } },
    };
    await expect(ofAcme.query(SLOW)).rejects.toMatchObject(expected);
    await expect(ofAcme.query('SELECT pg_sleep($1)', [30])).rejects.toMatchObject(expected);
    await expect(ofAcme.transaction((manager) => manager.query(SLOW))).rejects.toMatchObject(expected);
    const later = ofAcme.transaction(async (manager) => {
      await manager.query('SELECT 1');
      await manager.query('SELECT pg_sleep($1)', [30]);
    });
    await expect(later).rejects.toMatchObject(expected);
    const error: unknown = await ofAcme.query(SLOW).catch((thrown: unknown) => thrown);
    expect(tenancyErrorOf(error)).toBeInstanceOf(StatementTimeoutError);
    expect(tenancyErrorOf(error)?.message).toContain('of tenant "acme" was cut off after 50 ms');
  });

  it('holds for a cursor and for a stream', async () => {
    const factory = await connect(50);
    const runner = factory.forTenant(acme).createQueryRunner();
    await runInScope({ tenant: acme }, async () => {
      const client = (await runner.connect()) as { query(cursor: Cursor): Cursor };
      await expect(client.query(new Cursor(SLOW)).read(1)).rejects.toBeInstanceOf(StatementTimeoutError);
    });
    const reading = async () => {
      for await (const row of await runner.stream(SLOW)) throw new Error(JSON.stringify(row));
    };
    await expect(reading()).rejects.toBeInstanceOf(StatementTimeoutError);
    await runner.release();
  });

  it('is of each statement, not of all of a transaction, and ends with it', async () => {
    const factory = await connect(2_000);
    await factory.forTenant(acme).transaction(async (manager) => {
      for (let n = 0; n < 3; n += 1) await manager.query('SELECT pg_sleep(0.8)');
    });
    expect(await timeoutOf(factory.system)).toBe('0');
  });

  it('is not what a cancel by a user, or a function, is called', async () => {
    const factory = await connect(60_000);
    const runner = factory.forTenant(acme).createQueryRunner();
    const [{ pid }] = await runner.manager.query<Array<{ pid: number }>>('SELECT pg_backend_pid() AS pid');
    const slow = expect(runner.query(SLOW)).rejects.toMatchObject({ driverError: { code: '57014' } });
    await cancel(pid, runner);
    await slow;
    await expect(
      runner.query("DO $$ BEGIN RAISE 'enough' USING ERRCODE = 'query_canceled'; END $$"),
    ).rejects.toMatchObject({ driverError: { code: '57014', message: 'enough' } });
    await runner.release();
  });

  it('can be changed for one transaction', async () => {
    const factory = await connect(50);
    await factory.forTenant(acme).transaction(async (manager) => {
      await manager.query('SET LOCAL statement_timeout = 0');
      await manager.query('SELECT pg_sleep(0.1)');
    });
    expect(await timeoutOf(factory.forTenant(acme))).toBe('50ms');
  });

  it('is each tenant’s own, and asked for once', async () => {
    const asked: string[] = [];
    const factory = await connect((tenant: Tenant) => {
      asked.push(tenant.id);
      return tenant.plan === 'gold' ? 2_000 : undefined;
    });
    for (let n = 0; n < 3; n += 1) {
      expect(await timeoutOf(factory.forTenant(acme))).toBe('2s');
      expect(await timeoutOf(factory.forTenant(globex))).toBe('0');
      expect(await timeoutOf(factory.forOwner(acme))).toBe('0');
    }
    expect(asked).toEqual(['acme', 'globex']);
  });

  it('is the login role’s own for the system, and for a tenant without one', async () => {
    await database.query(`ALTER ROLE ${database.appRole} SET statement_timeout = '7s'`);
    const factory = await connect(({ id }) => (id === 'acme' ? 2_000 : undefined));
    const without = await connect(undefined);
    expect(await timeoutOf(factory.forTenant(acme))).toBe('2s');
    expect(await timeoutOf(factory.forTenant(globex))).toBe('7s');
    expect(await timeoutOf(factory.system)).toBe('7s');
    expect(await timeoutOf(factory.forOwner(acme))).toBe('7s');
    expect(await timeoutOf(without.forTenant(acme))).toBe('7s');
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 31, '5s'])(
    'is refused where it is no number of milliseconds: %s',
    async (given) => {
      const timeout = given as number;
      expect(() => new TenantDataSourceFactory({ statementTimeout: timeout }, async () => acme)).toThrow(
        `database.statementTimeout is ${given}`,
      );
      const factory = await connect(() => timeout);
      await expect(factory.forTenant(acme).query('SELECT 1')).rejects.toThrow(
        'database.statementTimeout of tenant "acme"',
      );
      expect(await factory.system.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    },
  );
});

/** Cancels the statement of a backend once it runs. */
async function cancel(pid: number, running: QueryRunner): Promise<void> {
  for (;;) {
    const [{ cancelled }] = await database.query<{ cancelled: boolean | null }>(
      "SELECT (SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep') AS cancelled",
      [pid],
    );
    if (cancelled || running.isReleased) return;
  }
}
