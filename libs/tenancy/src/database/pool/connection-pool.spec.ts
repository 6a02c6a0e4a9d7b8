import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { openServerLink } from '../../../../../test/support/server-link.js';
import { currentScope, runInScope } from '../../context/tenancy-scope.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantBindings } from '../binding/tenant-binding.js';
import { Affinity } from './affinity.js';
import type { PooledConnection } from './pooled-connection.js';
import { TenantPool } from './tenant-pool.js';
import type { TenantPoolOptions } from './tenant-pool-options.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);

const database = useTestDatabase();

beforeAll(async () => {
  for (const { schema } of [acme, globex]) {
    await database.query(`CREATE SCHEMA ${schema}`);
    await database.query(`GRANT USAGE ON SCHEMA ${schema} TO ${database.appRole}`);
  }
});

async function withPool(options: Partial<TenantPoolOptions>, work: (pool: TenantPool) => Promise<void>): Promise<void> {
  const pool = new TenantPool({ connectionString: database.appUrl, bindings: new TenantBindings(), ...options });
  try {
    await work(pool);
  } finally {
    if (!pool.isEnded) await pool.end();
  }
}

const pidOf = async (pool: TenantPool): Promise<number> =>
  (await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0].pid;

describe('a connection', () => {
  it('is used again, and by everybody', () =>
    withPool({ max: 3 }, async (pool) => {
      const pids = [
        await asAcme(() => pidOf(pool)),
        await asGlobex(() => pidOf(pool)),
        await asAcme(() => pidOf(pool)),
      ];
      expect(new Set(pids).size).toBe(1);
      expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0]);
    }));

  it('is replaced after as many schemas as it may get to know', () =>
    withPool({ max: 1, maxSchemas: 2 }, async (pool) => {
      const first = await asAcme(() => pidOf(pool));
      expect(await asAcme(() => pidOf(pool))).toBe(first);
      await asGlobex(() => pidOf(pool));
      expect(await asAcme(() => pidOf(pool))).not.toBe(first);
    }));

  it('is replaced after as many uses, and at the age, that it may have', async () => {
    for (const limit of [{ maxUses: 1 }, { maxLifetimeSeconds: 0.000_001 }]) {
      await withPool({ max: 1, ...limit }, async (pool) => {
        expect(await asAcme(() => pidOf(pool))).not.toBe(await asAcme(() => pidOf(pool)));
      });
    }
  });

  it('is closed when nobody has used it for long, down to the least that is kept', () =>
    withPool({ max: 2, min: 1, idleTimeoutMillis: 20 }, async (pool) => {
      const removed = new Promise((resolve) => pool.once('remove', resolve));
      await Promise.all([asAcme(() => pidOf(pool)), asGlobex(() => pidOf(pool))]);
      await removed;
      expect(pool.totalCount).toBe(1);
    }));

  it('cannot be given back twice', () =>
    withPool({ max: 1 }, async (pool) => {
      const client = await asAcme(() => pool.connect());
      client.release();
      expect(() => client.release()).toThrow('already given back');
    }));
});

describe('a pool with no connection left', () => {
  it('refuses who waited too long, and forgets him', () =>
    withPool({ max: 1, connectionTimeoutMillis: 1_000 }, async (pool) => {
      const client = await asAcme(() => pool.connect());
      await expect(asGlobex(() => pool.connect())).rejects.toThrow('No connection was free within 1000 ms');
      expect(pool.waitingCount).toBe(0);
      client.release();
      expect(await asGlobex(() => pidOf(pool))).toEqual(expect.any(Number));
    }));

  it('serves the next tenant before the next request of the same one', () =>
    withPool({ max: 1 }, async (pool) => {
      const client = await asAcme(() => pool.connect());
      const order: string[] = [];
      const ask = (name: string, as: typeof asAcme) => as(() => pidOf(pool)).then(() => order.push(name));
      const all = [ask('acme 1', asAcme), ask('acme 2', asAcme), ask('acme 3', asAcme), ask('globex', asGlobex)];
      client.release();
      await Promise.all(all);
      expect(order).toEqual(['acme 1', 'globex', 'acme 2', 'acme 3']);
    }));

  it('tells everybody where the server cannot be reached, and hangs nobody', () =>
    withPool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', max: 2 }, async (pool) => {
      const asked = await Promise.allSettled([1, 2, 3, 4, 5].map(() => asAcme(() => pool.connect())));
      expect(asked.map(({ status }) => status)).toEqual(Array(5).fill('rejected'));
      expect([pool.totalCount, pool.waitingCount]).toEqual([0, 0]);
    }));
});

describe('who is called back', () => {
  type Known = { connections: Set<PooledConnection> };
  const connect = (pool: TenantPool, id: string, then: (client: pg.PoolClient) => void): void =>
    runInScope({ tenant: defineTenant({ id, schema: `t_${id}` }) }, () => pool.connect((_, client) => then(client!)));

  it('and takes a connection there and then, is given none that another one is given too', () =>
    withPool({ max: 10 }, async (pool) => {
      const opened = await Promise.all([1, 2, 3].map(() => asAcme(() => pool.connect())));
      const known = [...(pool as unknown as Known).connections];
      for (const one of known) for (let at = 0; at < 300; at += 1) one.useFor(`t_other_${at}`);
      known.find(({ client }) => (client as unknown) === opened[1])!.useFor('t_initech');
      const affinity = new Affinity(10, true);
      const strangers = Array.from({ length: 100 }, (_, at) => `stranger${at}`);
      const [first, second] = strangers.filter((id) => known.every((one) => affinity.fit(one, `t_${id}`) === 0));
      for (const client of opened) client.release();
      const taken: pg.PoolClient[] = [];
      await new Promise<void>((resolve) => {
        const take = (client: pg.PoolClient) => {
          if (taken.push(client) === 3) resolve();
        };
        connect(pool, first, (client) => {
          take(client);
          connect(pool, 'initech', take);
        });
        connect(pool, second, take);
      });
      expect(new Set(taken).size).toBe(3);
      for (const client of taken) client.release();
    }));

  it('and throws, costs whoever gave the connection back nothing', () =>
    withPool({ max: 1, perTenant: { limit: 1, maxWait: 10_000 } }, async (pool) => {
      const thrown = new Promise((resolve) => {
        const others = process.listeners('uncaughtException');
        process.removeAllListeners('uncaughtException');
        process.once('uncaughtException', (error) => {
          for (const other of others) process.on('uncaughtException', other);
          resolve(error);
        });
      });
      const client = await asAcme(() => pool.connect());
      connect(pool, 'globex', (next) => {
        next.release();
        throw new Error('of the application');
      });
      client.release();
      expect(await thrown).toMatchObject({ message: 'of the application' });
      expect(await asAcme(() => pidOf(pool))).toEqual(expect.any(Number));
    }));

  it('is so in a scope of his own, and so are those who listen to the pool', () =>
    withPool({ max: 1 }, async (pool) => {
      const client = await asAcme(() => pool.connect());
      const acquired = new Promise((resolve) => pool.once('acquire', () => resolve(currentScope()?.tenant?.id)));
      const next = asGlobex(() => pool.connect());
      asAcme(() => client.release());
      expect(await acquired).toBe('globex');
      (await next).release();
    }));
});

describe('a connection that is given back while it works', () => {
  const run = (pool: TenantPool, sql: string) => async (): Promise<void> => {
    const client = await pool.connect();
    client.query(sql).catch(() => undefined);
    client.release();
  };

  it('goes to nobody before its cancellation has arrived', async () => {
    const link = await openServerLink(database.appUrl);
    await withPool({ max: 1, connectionString: link.url }, async (pool) => {
      // As long as it takes until it is cancelled, and a little longer; the cancellation takes longer still.
      const late = link.holdCancelRequest().then(() => delay(500));
      void late.then(() => link.restore());
      await asAcme(run(pool, 'SELECT pg_sleep(1.2)'));
      const slept = asGlobex(() => pool.query('SELECT pg_sleep(0.8)'));
      await expect(slept).resolves.toMatchObject({ rowCount: 1 });
      expect(link.cancelRequests).toBe(1);
    });
    await link.close();
  });

  it('is closed, and its share is free, where the server does not answer any more', async () => {
    const link = await openServerLink(database.appUrl);
    const perTenant = { limit: 1, maxWait: 8_000 };
    await withPool({ max: 1, connectionString: link.url, perTenant, server: { isDirect: true } }, async (pool) => {
      const client = await asAcme(() => pool.connect());
      await asAcme(() => client.query("SET statement_timeout = '1h'"));
      link.stall();
      client.release();
      await new Promise((resolve) => pool.once('remove', resolve));
      await link.restore();
      expect(await asAcme(() => pidOf(pool))).toEqual(expect.any(Number));
    });
    await link.close();
  });
});

describe('a pool that ends', () => {
  it('refuses who waits and who comes, and ends when the last connection is given back', () =>
    withPool({ max: 1 }, async (pool) => {
      const client: pg.PoolClient = await asAcme(() => pool.connect());
      const waiting = asGlobex(() => pool.connect());
      const ended = pool.end();
      await expect(waiting).rejects.toThrow('ended');
      await expect(asAcme(() => pool.connect())).rejects.toThrow('ended');
      expect((await asAcme(() => client.query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }]);
      client.release();
      await ended;
      expect(pool.totalCount).toBe(0);
    }));

  it('refuses who waited for his tenant’s share too', () =>
    withPool({ max: 2, perTenant: { limit: 1, maxWait: 10_000 } }, async (pool) => {
      const client = await asAcme(() => pool.connect());
      const waiting = asAcme(() => pool.connect());
      const ended = pool.end();
      client.release();
      await expect(waiting).rejects.toThrow('ended');
      await ended;
    }));

  it('may be ended twice', () =>
    withPool({ max: 1 }, async (pool) => {
      await asAcme(() => pidOf(pool));
      await Promise.all([pool.end(), pool.end()]);
      await pool.end();
    }));
});
