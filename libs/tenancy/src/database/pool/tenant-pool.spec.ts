import pg from 'pg';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { currentScope, runInScope } from '../../context/tenancy-scope.js';
import { TenantContextMissingError, TenantMismatchError, TransactionAbortedError } from '../../tenancy.errors.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantBindings } from '../binding/tenant-binding.js';
import { TenantPool } from './tenant-pool.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);
const asSystem = <T>(work: () => T): T => runInScope({ system: true }, work);

const database = useTestDatabase();
let pool: TenantPool;

function newPool(max: number): TenantPool {
  // As the factory finds it here; behind a pooler it is false, which the test of that shows.
  const server = { isDirect: true };
  const created = new TenantPool({ connectionString: database.appUrl, max, bindings: new TenantBindings(), server });
  created.on('error', () => undefined);
  return created;
}

beforeAll(async () => {
  for (const { id, schema } of [acme, globex]) {
    await database.query(`CREATE SCHEMA ${schema}`);
    await database.query(`CREATE TABLE ${schema}.messages (id serial PRIMARY KEY, body text NOT NULL)`);
    await database.query(`INSERT INTO ${schema}.messages (body) VALUES ('of ${id}')`);
    await database.query(`GRANT ALL ON SCHEMA ${schema} TO ${database.appRole}`);
    await database.query(`GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO ${database.appRole}`);
    await database.query(`GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO ${database.appRole}`);
  }
  await database.query('CREATE TABLE public.messages (id serial, body text)');
  await database.query("INSERT INTO public.messages (body) VALUES ('of the system')");
  await database.query(`GRANT SELECT ON public.messages TO ${database.appRole}`);
});

beforeEach(() => {
  // One connection for everybody: whatever one user leaves, the next one would get.
  pool = newPool(1);
  return () => pool.end();
});

const bodies = async (): Promise<string[]> =>
  (await pool.query('SELECT body FROM messages')).rows.map((row) => row.body);

describe('a statement', () => {
  it('reads the tables of the current tenant', async () => {
    expect(await asAcme(bodies)).toEqual(['of acme']);
    expect(await asGlobex(bodies)).toEqual(['of globex']);
    expect(await asSystem(bodies)).toEqual(['of the system']);
  });

  it('does so with parameters, as an array of rows, named, and by callback', async () => {
    const text = 'SELECT body FROM messages WHERE id > $1';
    expect((await asAcme(() => pool.query(text, [0]))).rows).toEqual([{ body: 'of acme' }]);
    expect((await asGlobex(() => pool.query({ text, values: [0], rowMode: 'array' }))).rows).toEqual([['of globex']]);
    for (const [as, body] of [
      [asAcme, 'of acme'],
      [asGlobex, 'of globex'],
    ] as const) {
      expect((await as(() => pool.query({ name: 'same', text, values: [0] }))).rows).toEqual([{ body }]);
    }
    const client = await asAcme(() => pool.connect());
    const rows = await new Promise((resolve, reject) => {
      asAcme(() => client.query(text, [0], (error, result) => (error ? reject(error) : resolve(result.rows))));
    });
    client.release();
    expect(rows).toEqual([{ body: 'of acme' }]);
  });

  it('answers as pg does: command, count, fields, several results', async () => {
    const inserted = await asAcme(() => pool.query("INSERT INTO messages (body) VALUES ('x'), ('y') RETURNING body"));
    expect(inserted).toMatchObject({ command: 'INSERT', rowCount: 2, rows: [{ body: 'x' }, { body: 'y' }] });
    const several = (await asAcme(() =>
      pool.query("SELECT 1 AS one; DELETE FROM messages WHERE body IN ('x', 'y')"),
    )) as unknown;
    expect(several).toMatchObject([
      { command: 'SELECT', rows: [{ one: 1 }] },
      { command: 'DELETE', rowCount: 2 },
    ]);
    expect(await asAcme(() => pool.query(''))).toMatchObject({ rows: [] });
  });

  it('is read as it says itself, where it does', async () => {
    const types = { getTypeParser: () => (value: string) => `read ${value}` };
    for (const values of [undefined, [2]]) {
      const text = `SELECT 1 AS one, ${values ? '$1::int' : '2'} AS two`;
      const { rows } = await asAcme(() => pool.query({ text, values, types }));
      expect(rows).toEqual([{ one: 'read 1', two: 'read 2' }]);
    }
    expect((await asAcme(() => pool.query('SELECT 1 AS one'))).rows).toEqual([{ one: 1 }]);
  });

  it('keeps the position of an error in the text that was given', async () => {
    const text = 'SELECT nothing FROM messages';
    const position = String(text.indexOf('nothing') + 1);
    await expect(asAcme(() => pool.query(text))).rejects.toMatchObject({ code: '42703', position });
    await expect(asAcme(() => pool.query(`${text} WHERE id > $1`, [0]))).rejects.toMatchObject({
      code: '42703',
      position,
    });
    expect(await asAcme(bodies)).toEqual(['of acme']);
  });

  it('fails where the table is not in the tenant’s schema, though public has it', async () => {
    await database.query('CREATE TABLE IF NOT EXISTS public.only_public (id int)');
    await expect(asAcme(() => pool.query('SELECT * FROM only_public'))).rejects.toMatchObject({ code: '42P01' });
  });

  it('fails where the schema is gone', async () => {
    const gone = defineTenant({ id: 'gone', schema: 't_gone' });
    await expect(runInScope({ tenant: gone }, bodies)).rejects.toMatchObject({ code: '42P01' });
  });

  it('makes no table for others where the schema is gone', async () => {
    const gone = defineTenant({ id: 'gone', schema: 't_gone' });
    for (const sql of [
      "CREATE TABLE secrets AS SELECT 'of gone' AS body",
      "SELECT 'of gone' AS body INTO secrets",
      "EXPLAIN ANALYZE CREATE TABLE secrets AS SELECT 'of gone' AS body",
      "EXPLAIN (ANALYZE) (SELECT 'of gone' AS body INTO secrets)",
      'CREATE TABLE secrets (body text); SELECT 1',
    ]) {
      const created = runInScope({ tenant: gone }, () => pool.query(sql));
      await expect(created).rejects.toMatchObject({ code: '3F000', message: expect.stringContaining('t_gone') });
    }
    const client = await runInScope({ tenant: gone }, () => pool.connect());
    await runInScope({ tenant: gone }, async () => {
      await client.query('BEGIN');
      await client.query('SELECT 1');
      await expect(client.query('CREATE VIEW secrets AS SELECT 1')).rejects.toMatchObject({ code: '3F000' });
      await client.query('ROLLBACK');
    });
    client.release();
    await expect(asGlobex(() => pool.query('SELECT * FROM secrets'))).rejects.toMatchObject({ code: '42P01' });
  });

  it('is not sent without a tenant', async () => {
    await expect(bodies()).rejects.toThrow(TenantContextMissingError);
    await expect(runInScope({}, bodies)).rejects.toThrow(TenantContextMissingError);
    expect(pool.totalCount).toBe(0);
  });

  it('is bound too after what it is bound with was deallocated', async () => {
    const text = 'SELECT body FROM messages WHERE id > $1';
    await asAcme(() => pool.query(text, [0]));
    const client = await asAcme(() => pool.connect());
    await asAcme(async () => {
      await client.query('DEALLOCATE ALL');
      expect((await client.query(text, [0])).rows).toEqual([{ body: 'of acme' }]);
    });
    client.release();
    expect((await asGlobex(() => pool.query(text, [0]))).rows).toEqual([{ body: 'of globex' }]);
    expect((await asGlobex(() => pool.query(text, [0]))).rows).toEqual([{ body: 'of globex' }]);
  });

  it('is bound too after a function has deallocated what it is bound with', async () => {
    const forget = 'CREATE OR REPLACE FUNCTION t_acme.forget() RETURNS int LANGUAGE plpgsql';
    await database.query(`${forget} AS $$ BEGIN DEALLOCATE ALL; RETURN 1; END $$`);
    const text = 'SELECT body FROM messages WHERE id > $1';
    await asAcme(() => pool.query(text, [0]));
    for (const [as, body] of [
      [asAcme, 'of acme'],
      [asGlobex, 'of globex'],
    ] as const) {
      await asAcme(() => pool.query('SELECT forget()'));
      expect((await as(() => pool.query(text, [0]))).rows).toEqual([{ body }]);
    }
  });

  it('is bound too where the first group of a connection ended before that was parsed', async () => {
    const client = await asAcme(() => pool.connect());
    await asAcme(async () => {
      await client.query('BEGIN ISOLATION LEVEL SERIALIZABLE');
      const { connection } = client as unknown as { connection: { stream: { write(data: Buffer): boolean } } };
      const { stream } = connection;
      const write = stream.write;
      // As a server that is read-only refuses it.
      stream.write = (data) => {
        stream.write = write;
        return stream.write(Buffer.from(data.toString('latin1').replace('serializable', 'serializablX'), 'latin1'));
      };
      await expect(client.query('SELECT 1')).rejects.toThrow('syntax error');
      await client.query('ROLLBACK');
      expect((await client.query('SELECT body FROM messages WHERE id > $1', [0])).rows).toHaveLength(1);
    });
    client.release();
  });

  it('takes one round trip, with and without parameters', async () => {
    const client = await asAcme(() => pool.connect());
    const { stream } = (
      client as unknown as { connection: { stream: { on(event: 'data', listener: () => void): void } } }
    ).connection;
    let answers = 0;
    stream.on('data', () => (answers += 1));
    await asAcme(() => client.query('SELECT body FROM messages WHERE id > $1', [0]));
    expect(answers).toBe(1);
    await asAcme(() => client.query('SELECT body FROM messages'));
    expect(answers).toBe(2);
    client.release();
  });
});

describe('a transaction', () => {
  const within = async (work: (client: pg.PoolClient) => Promise<void>): Promise<void> => {
    const client = await pool.connect();
    try {
      await work(client);
    } finally {
      client.release();
    }
  };

  it.each(['START TRANSACTION', 'BEGIN', '/* of ours */ begin isolation level serializable'])(
    'is bound from %s to its end, through savepoints and errors',
    async (begin) => {
      await asAcme(() =>
        within(async (client) => {
          await client.query(begin);
          await client.query('SAVEPOINT a');
          await expect(client.query('SELECT * FROM nothing')).rejects.toThrow('does not exist');
          await client.query('ROLLBACK TO SAVEPOINT a');
          expect((await client.query('SELECT body FROM messages')).rows).toEqual([{ body: 'of acme' }]);
          await client.query('ROLLBACK');
          expect((await client.query('SELECT body FROM messages')).rows).toEqual([{ body: 'of acme' }]);
        }),
      );
      expect(await asGlobex(bodies)).toEqual(['of globex']);
    },
  );

  it('is bound when its statements are asked for all at once', async () => {
    await asAcme(() =>
      within(async (client) => {
        const results = await Promise.all([
          client.query('BEGIN'),
          client.query('SELECT body FROM messages'),
          client.query('COMMIT'),
          client.query('SELECT body FROM messages WHERE id > $1', [0]),
        ]);
        expect(results[1].rows).toEqual([{ body: 'of acme' }]);
        expect(results[3].rows).toEqual([{ body: 'of acme' }]);
      }),
    );
  });

  it('says so where the server rolls back what was to be committed', async () => {
    await asAcme(() =>
      within(async (client) => {
        await client.query('BEGIN');
        await client.query("INSERT INTO messages (body) VALUES ('lost')");
        await expect(client.query('SELECT * FROM nothing')).rejects.toThrow();
        await expect(client.query('COMMIT')).rejects.toThrow(TransactionAbortedError);
      }),
    );
    expect(await asAcme(bodies)).toEqual(['of acme']);
  });

  it('does not chain into one that is bound to nobody', async () => {
    await asAcme(() =>
      within(async (client) => {
        await client.query('BEGIN');
        await expect(client.query('COMMIT AND CHAIN')).rejects.toThrow('AND CHAIN');
        await client.query('ROLLBACK');
      }),
    );
  });

  it('travels with its first statement, and is not sent at all without one', async () => {
    await asAcme(() =>
      within(async (client) => {
        const { stream } = (client as unknown as { connection: { stream: NodeJS.WritableStream } }).connection;
        const sent = vi.spyOn(stream, 'write');
        await client.query('BEGIN');
        await client.query('COMMIT');
        await client.query('START TRANSACTION ISOLATION LEVEL SERIALIZABLE;');
        await client.query('ROLLBACK');
        expect(sent).not.toHaveBeenCalled();
        sent.mockRestore();
        await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
        await client.query('SET TRANSACTION READ ONLY');
        const text = "SELECT current_setting('transaction_isolation') AS i, current_schema() AS s WHERE $1";
        expect((await client.query(text, [true])).rows).toEqual([{ i: 'repeatable read', s: 't_acme' }]);
        await expect(client.query("INSERT INTO messages (body) VALUES ('x')")).rejects.toThrow('read-only transaction');
        await client.query('ROLLBACK');
        await client.query('BEGIN');
        const cursor = client.query(new Cursor('SELECT current_schema() AS s, n FROM generate_series(1, 3) n'));
        expect(await cursor.read(2)).toEqual([
          { s: 't_acme', n: 1 },
          { s: 't_acme', n: 2 },
        ]);
        await cursor.close();
        await client.query('COMMIT');
      }),
    );
  });

  it.each<[string, string, unknown[] | undefined]>([
    ['a table is missing', 'SELECT * FROM nothing', undefined],
    ['a table is missing, with parameters', 'SELECT * FROM nothing WHERE 1 = $1', [1]],
    ['the syntax is wrong', 'SELEC 1', undefined],
    ['the syntax of one of several is wrong', 'SELECT 1; SELEC 1', undefined],
    ['a parameter cannot be read', 'SELECT $1::int', ['x']],
  ])('has failed as a whole where its first statement fails: %s', async (_why, text, values) => {
    await asAcme(() =>
      within(async (client) => {
        await client.query('BEGIN');
        await expect(client.query(text, values)).rejects.toThrow();
        await expect(client.query("INSERT INTO messages (body) VALUES ('stays')")).rejects.toMatchObject({
          code: '25P02',
        });
        await client.query('ROLLBACK');
      }),
    );
    expect(await asAcme(bodies)).toEqual(['of acme']);
  });

  it('is there still where its first statement is refused before it is sent', async () => {
    await asAcme(() =>
      within(async (client) => {
        await client.query('BEGIN');
        await expect(client.query({ text: 'SELECT 1', values: 'none' as never })).rejects.toThrow('must be an array');
        await expect(client.query('SELECT lastval()')).rejects.toThrow('RETURNING');
        await client.query("INSERT INTO messages (body) VALUES ('gone')");
        await client.query('ROLLBACK');
      }),
    );
    expect(await asAcme(bodies)).toEqual(['of acme']);
  });

  it.each<[string, string, unknown[] | undefined]>([
    ['a connection that is new', 'SELECT 1', undefined],
    ['a value that cannot be written', 'SELECT $1', [{ toPostgres: () => BigInt('x') }]],
  ])('holds all that was asked for at once: after %s', async (_why, text, values) => {
    for (const second of ['SELECT 1', 'SELECT 1; SELECT 2']) {
      const fresh = newPool(1);
      await new Promise<void>((resolve) => {
        asAcme(() =>
          fresh.connect((_, client, release) => {
            const all = [
              client!.query('BEGIN'),
              client!.query(text, values),
              client!.query("INSERT INTO messages (body) VALUES ('rolled back')"),
              client!.query(second),
              client!.query('ROLLBACK'),
            ];
            void Promise.allSettled(all).then(() => resolve(release()));
          }),
        );
      });
      await fresh.end();
      expect(await asAcme(bodies)).toEqual(['of acme']);
    }
  });

  it('goes on after a COPY that has no stream', async () => {
    await asAcme(() =>
      within(async (client) => {
        await client.query('BEGIN');
        await expect(client.query('COPY messages (body) FROM STDIN')).rejects.toThrow('No source stream');
        await client.query('ROLLBACK');
        expect((await client.query('SELECT body FROM messages')).rows).toEqual([{ body: 'of acme' }]);
      }),
    );
  });

  it('takes several statements of one text along, in order', async () => {
    await asAcme(() =>
      within(async (client) => {
        await client.query('BEGIN');
        await client.query("INSERT INTO messages (body) VALUES ('a'); INSERT INTO messages (body) VALUES ('b')");
        expect((await client.query('SELECT count(*)::int AS n FROM messages')).rows).toEqual([{ n: 3 }]);
        await client.query('ROLLBACK');
      }),
    );
    expect(await asAcme(bodies)).toEqual(['of acme']);
  });

  it('is needed by a procedure, which might commit', async () => {
    await database.query('CREATE OR REPLACE PROCEDURE t_acme.p(x int) LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$');
    await asAcme(() =>
      within(async (client) => {
        await expect(client.query('CALL p($1)', [1])).rejects.toThrow('Begin one before');
        await client.query('BEGIN');
        await expect(client.query('CALL p($1)', [1])).rejects.toThrow('invalid transaction termination');
        await client.query('ROLLBACK');
      }),
    );
  });

  it('is needed by what might commit, by cursor and by DO too', async () => {
    const insert = "COMMIT; INSERT INTO messages (body) VALUES ('of nobody');";
    await database.query(`CREATE OR REPLACE PROCEDURE t_acme.q() LANGUAGE plpgsql AS $$ BEGIN ${insert} END $$`);
    const block = `DO $$ BEGIN ${insert} END $$`;
    await asAcme(() =>
      within(async (client) => {
        for (const text of ['CALL q()', block]) {
          await expect(client.query(new Cursor(text)).read(1)).rejects.toThrow('Begin one before');
        }
        const extended = { text: block, queryMode: 'extended' };
        await expect(client.query(extended)).rejects.toThrow('Begin one before');
        await expect(client.query(block)).rejects.toThrow('invalid transaction termination');
        await client.query("DO $$ BEGIN PERFORM 'nothing'; END $$");
        await client.query('BEGIN');
        await expect(client.query(new Cursor(block)).read(1)).rejects.toThrow('invalid transaction termination');
        await client.query('ROLLBACK');
      }),
    );
    expect(await asSystem(bodies)).toEqual(['of the system']);
  });

  it('that is left open in a callback does not go to the next one', async () => {
    const client = await asAcme(() => pool.connect());
    const next = asGlobex(() => pool.connect());
    asAcme(() => {
      client.query('SELECT 1', () => client.release());
      client.query('BEGIN').catch(() => undefined);
    });
    const taken = await next;
    expect((await asGlobex(() => taken.query('SELECT body FROM messages'))).rows).toEqual([{ body: 'of globex' }]);
    taken.release();
  });

  it('has nothing after its end in the same text', async () => {
    await asAcme(() =>
      within(async (client) => {
        await expect(client.query('SELECT 1; COMMIT; SELECT body FROM messages')).rejects.toMatchObject({
          code: 'STATEMENT_UNSUPPORTED',
        });
      }),
    );
  });
});

describe('cursors and streams', () => {
  it('read the current tenant’s rows, batch by batch', async () => {
    for (const [as, schema] of [
      [asAcme, 't_acme'],
      [asGlobex, 't_globex'],
    ] as const) {
      const client = await as(() => pool.connect());
      const stream = as(() =>
        client.query(
          new QueryStream('SELECT current_schema() AS s, n FROM generate_series(1, $1::int) n', [250], {
            batchSize: 100,
          }),
        ),
      );
      const rows: Array<{ s: string; n: number }> = [];
      for await (const row of stream) rows.push(row as { s: string; n: number });
      expect(rows).toHaveLength(250);
      expect(new Set(rows.map(({ s }) => s))).toEqual(new Set([schema]));
      client.release();
    }
  });

  it('leave no setting behind', async () => {
    const client = await asAcme(() => pool.connect());
    const text = "SELECT set_config('app.user', 'acme', false)";
    for await (const row of asAcme(() => client.query(new QueryStream(text))))
      expect(row).toEqual({ set_config: 'acme' });
    client.release();
    const [found] = (await asGlobex(() => pool.query("SELECT current_setting('app.user', true) AS left"))).rows;
    expect(found.left ?? '').toBe('');
  });

  it('fail once, whatever time they take: another one’s statement is answered with its own rows', async () => {
    const impatient = new TenantPool({
      connectionString: database.appUrl,
      max: 1,
      bindings: new TenantBindings(),
      query_timeout: 100,
    });
    const failing = await asAcme(() => impatient.connect());
    await expect(asAcme(() => failing.query(new Cursor('SELECT 1/0'))).read(1)).rejects.toThrow('division by zero');
    failing.release();
    const client = await asGlobex(() => impatient.connect());
    const ask = (text: string) => client.query({ text, query_timeout: 10_000 } as pg.QueryConfig);
    const answers = await asGlobex(() =>
      Promise.all([ask('SELECT pg_sleep(0.3)'), ask('SELECT 1 AS n'), ask('SELECT body FROM messages')]),
    );
    expect(answers.slice(1).map(({ rows }) => rows)).toEqual([[{ n: 1 }], [{ body: 'of globex' }]]);
    client.release();
    await impatient.end();
  });

  it('end, and can be closed, where their connection is lost', async () => {
    const killed = new Set<pg.PoolClient>();
    const kill = async (client: pg.PoolClient) => {
      if (killed.has(client)) return;
      killed.add(client);
      const lost = new Promise((resolve) => client.once('end', resolve));
      await database.query('SELECT pg_terminate_backend($1)', [(client as unknown as { processID: number }).processID]);
      await lost;
    };
    const numbers = 'SELECT n FROM generate_series(1, 1000) n';
    await asAcme(async () => {
      const client = await pool.connect();
      const reading = (async () => {
        for await (const _ of client.query(new QueryStream(numbers, [], { batchSize: 5 }))) await kill(client);
      })();
      await expect(reading).rejects.toThrow('terminat');
      client.release();
      const next = await pool.connect();
      const cursor = next.query(new Cursor(numbers));
      await cursor.read(1);
      await kill(next);
      await cursor.close();
      next.release();
      expect(await bodies()).toEqual(['of acme']);
    });
  });

  it.each([
    'COPY messages TO STDOUT',
    'COPY messages FROM STDIN',
    '/* why */ copy(SELECT 1) TO STDOUT -- all',
    'SELECT 1; COPY messages TO STDOUT',
  ])('read no COPY, which has no rows: %s', async (sql) => {
    await asAcme(async () => {
      const client = await pool.connect();
      await client.query('BEGIN');
      for (const reader of [new QueryStream(sql), new Cursor(sql)]) {
        expect(() => client.query(reader)).toThrow(
          expect.objectContaining({ code: 'STATEMENT_UNSUPPORTED', message: expect.stringContaining('COPY') }),
        );
      }
      expect((await client.query('SELECT body FROM messages')).rows).toEqual([{ body: 'of acme' }]);
      await client.query('COMMIT');
      client.release();
    });
  });

  it('leave nothing when they are given back half read', async () => {
    const client = await asAcme(() => pool.connect());
    const cursor = asAcme(() => client.query(new Cursor('SELECT n FROM generate_series(1, 1000) n')));
    expect(await cursor.read(10)).toHaveLength(10);
    client.release();
    expect(await asGlobex(bodies)).toEqual(['of globex']);
  });
});

describe('what cannot be bound', () => {
  it('is refused before it is sent: a Query object, and a COPY outside a transaction', async () => {
    const client = await asAcme(() => pool.connect());
    expect(() => asAcme(() => client.query(new pg.Query('SELECT 1', () => undefined) as never))).toThrow(
      'Query object',
    );
    const copy = { submit: () => undefined, handleDataRow: () => undefined, handleCommandComplete: () => undefined };
    expect(() => asAcme(() => client.query(copy as never))).toThrow('Begin one before');
    client.release();
  });

  it('is refused where the transaction has ended until it is the turn of a COPY', async () => {
    const client = await asAcme(() => pool.connect());
    const refused = await asAcme(async () => {
      await client.query('BEGIN');
      await client.query('SELECT 1');
      const committed = client.query('COMMIT');
      const error = new Promise((resolve) => {
        client.query({ submit: () => resolve('was sent'), handleError: resolve } as never);
      });
      await committed;
      return error;
    });
    expect(refused).toMatchObject({ code: 'STATEMENT_UNSUPPORTED' });
    client.release();
  });
});

describe('a connection that is used where it does not belong', () => {
  it('refuses a statement of another tenant, of the system and of nobody', async () => {
    const client = await asAcme(() => pool.connect());
    await expect(asGlobex(() => client.query('SELECT 1'))).rejects.toThrow(TenantMismatchError);
    await expect(asSystem(() => client.query('SELECT 1'))).rejects.toThrow(TenantMismatchError);
    await expect(client.query('SELECT 1')).rejects.toThrow(TenantContextMissingError);
    expect(() => asGlobex(() => client.query(new Cursor('SELECT 1')))).toThrow(TenantMismatchError);
    client.release();
  });

  it('refuses a statement after it was given back', async () => {
    const client = await asAcme(() => pool.connect());
    client.release();
    await expect(asAcme(() => client.query('SELECT 1'))).rejects.toThrow('given back');
    expect(() => client.release()).toThrow('already given back');
  });

  it('keeps the tenant of a statement that still waits when it is given back', async () => {
    const client = await asAcme(() => pool.connect());
    const slow = asAcme(() => client.query('SELECT pg_sleep(0.05)'));
    const waiting = asAcme(() => client.query('SELECT body FROM messages'));
    client.release();
    const next = asGlobex(bodies);
    await slow;
    expect((await waiting).rows).toEqual([{ body: 'of acme' }]);
    expect(await next).toEqual(['of globex']);
  });
});

describe('callbacks of a contended pool', () => {
  it('run in the context of who asked, not of who gave a connection back', async () => {
    const held = await asAcme(() => pool.connect());
    const seen = new Promise<string[]>((resolve, reject) => {
      asGlobex(() =>
        pool.connect((error, client, release) => {
          if (error || !client) return reject(error);
          client
            .query('SELECT body FROM messages')
            .then(({ rows }) => resolve(rows.map((row: { body: string }) => row.body)), reject);
          release();
        }),
      );
    });
    asAcme(() => held.release());
    expect(await seen).toEqual(['of globex']);
  });
});

describe('what pg calls back', () => {
  // Acme's request opens the connection that everybody then uses.
  beforeEach(() => asAcme(() => pool.query('SELECT 1')));
  const who = () => currentScope()?.tenant?.id ?? 'nobody';

  it('runs as who asked where a cursor is closed', async () => {
    const seen = await asGlobex(async () => {
      const client = await pool.connect();
      const cursor = client.query(new Cursor('SELECT n FROM generate_series(1, 3) n'));
      await cursor.read(1);
      const closed = new Promise((resolve) => cursor.close(() => resolve(who())));
      try {
        return await closed;
      } finally {
        client.release();
      }
    });
    expect(seen).toBe('globex');
  });

  it('runs as who asked, by callback, by cursor and by stream', async () => {
    const seen: Record<string, string> = {};
    await asGlobex(async () => {
      const client = await pool.connect();
      await new Promise<void>((resolve) => {
        client.query('SELECT 1', () => resolve(void (seen.callback = who())));
      });
      const cursor = client.query(new Cursor('SELECT n FROM generate_series(1, 3) n'));
      await new Promise<void>((resolve) => cursor.read(1, () => resolve(void (seen.cursor = who()))));
      await cursor.close();
      const stream = client.query(new QueryStream('SELECT n FROM generate_series(1, 3) n'));
      stream.on('data', () => (seen.data = who()));
      await new Promise<void>((resolve) => stream.on('end', () => resolve(void (seen.end = who()))));
      client.release();
    });
    expect(seen).toEqual({ callback: 'globex', cursor: 'globex', data: 'globex', end: 'globex' });
  });

  it('is not heard any more by who gave the connection back', async () => {
    const heard: unknown[] = [];
    const client = await asAcme(() => pool.connect());
    client.on('notice', ({ message }) => heard.push(message));
    client.on('notification', ({ payload }) => heard.push(payload));
    await asAcme(() => client.query("DO $$ BEGIN RAISE NOTICE 'of acme'; END $$"));
    client.release();
    await asGlobex(async () => {
      const next = await pool.connect();
      await next.query("LISTEN mail; DO $$ BEGIN RAISE NOTICE 'of globex'; END $$; NOTIFY mail, 'of globex'");
      await next.query('SELECT 1');
      next.release();
    });
    expect(heard).toEqual(['of acme']);
  });

  it('reads no values for the next one: what a user says of a type goes with him', async () => {
    const seen: string[] = [];
    const ofText = (parsed: string) => (value: string) => (seen.push(value), parsed);
    const fresh = newPool(1);
    fresh.on('connect', (opened) => opened.setTypeParser(pg.types.builtins.INT8, Number));
    const client = await asAcme(() => fresh.connect());
    client.setTypeParser(pg.types.builtins.TEXT, ofText('as acme reads it'));
    client.setTypeParser(pg.types.builtins.INT8, () => 0);
    client.setTypeParser(pg.types.builtins.BYTEA, 'binary', () => Buffer.of());
    expect(await asAcme(async () => (await client.query('SELECT body FROM messages')).rows)).toEqual([
      { body: 'as acme reads it' },
    ]);
    client.release();
    const text = "SELECT body, count(*) AS n, 'a'::bytea AS bytes FROM messages GROUP BY body";
    expect((await asGlobex(() => fresh.query(text))).rows).toEqual([
      { body: 'of globex', n: 1, bytes: Buffer.from('a') },
    ]);
    const next = await asGlobex(() => fresh.connect());
    const binary = await asGlobex(() =>
      next.query({ text: 'SELECT $1::bytea AS bytes', values: ['a'], binary: true } as pg.QueryConfig),
    );
    expect(binary.rows).toEqual([{ bytes: 'a' }]);
    next.release();
    expect(seen).toEqual(['of acme']);
    await fresh.end();
  });

  it('runs as nobody where nobody asked: a notice', async () => {
    const seen = await asGlobex(async () => {
      const client = await pool.connect();
      const notice = new Promise((resolve) => client.once('notice', () => resolve(who())));
      await client.query("DO $$ BEGIN RAISE NOTICE 'x'; END $$");
      client.release();
      return notice;
    });
    expect(seen).toBe('nobody');
  });
});

describe('a backend that dies', () => {
  it('while nobody has it, or while it works: an error for who uses it, and the pool goes on', async () => {
    const kill = (pid: number) => database.query('SELECT pg_terminate_backend($1)', [pid]);
    for (let round = 0; round < 5; round += 1) {
      const client = await asAcme(() => pool.connect());
      const [{ pid }] = (await asAcme(() => client.query('SELECT pg_backend_pid() AS pid'))).rows as [{ pid: number }];
      const running = asAcme(() => client.query('SELECT pg_sleep(30)'));
      const failed = expect(running).rejects.toThrow();
      await kill(pid);
      await failed;
      client.release();
      expect(await asGlobex(bodies)).toEqual(['of globex']);
    }
  });
});

describe('what one user leaves in a session', () => {
  const states: ReadonlyArray<readonly [what: string, leave: string]> = [
    ['a search_path', "SET search_path TO 't_acme'"],
    ['a search_path by function', "SELECT set_config('search_path', 't_acme', false)"],
    ['a setting', "SET statement_timeout = '1ms'"],
    ['a setting of its own', "SELECT set_config('app.user', 'acme', false)"],
    ['a setting that begins as SET LOCAL does', "SET local.user_id TO 'acme'"],
    ['a setting that begins as SET TRANSACTION does', "SET transaction . local TO 'acme'"],
    ['a temporary table', 'CREATE TEMP TABLE messages AS SELECT 1 AS id, text $$of acme$$ AS body'],
    ['an advisory lock', 'SELECT pg_advisory_lock(4711)'],
    ['a subscription', 'LISTEN acme'],
    ['an open transaction', "BEGIN; INSERT INTO messages (body) VALUES ('never committed')"],
    ['a failed transaction', 'BEGIN; SELECT * FROM nothing'],
    ['a prepared statement', 'PREPARE leftover AS SELECT 1'],
    ['a cursor that outlives its transaction', 'DECLARE leftover CURSOR WITH HOLD FOR SELECT 1'],
  ];
  const ways: ReadonlyArray<readonly [how: string, leave: (client: pg.PoolClient) => void | Promise<void>]> = [
    ['returned', (client) => client.release()],
    ['returned with an error', (client) => client.release(new Error('the work failed'))],
    [
      'returned in the middle of a statement',
      (client) => (asAcme(() => client.query('SELECT pg_sleep(0.02)')).catch(() => undefined), client.release()),
    ],
    [
      'returned with a statement that never ends',
      (client) => (asAcme(() => client.query('SELECT pg_sleep(60)')).catch(() => undefined), client.release()),
    ],
  ];
  const residue = `
    SELECT current_setting('search_path') AS path, current_setting('statement_timeout') AS timeout,
           concat(
             current_setting('app.user', true), current_setting('local.user_id', true), current_setting('transaction.local', true)
           ) AS settings,
           (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
           (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
           (SELECT count(*)::int FROM pg_prepared_statements WHERE name = 'leftover') AS statements,
           (SELECT count(*)::int FROM pg_cursors WHERE name = 'leftover') AS cursors,
           to_regclass('pg_temp.messages') AS temporary`;

  describe.each(ways)('when it is %s', (_how, giveBack) => {
    it.each(states)('%s never reaches the next one', async (_what, leave) => {
      const client = await asAcme(() => pool.connect());
      await asAcme(() => client.query(leave)).catch(() => undefined);
      await giveBack(client);
      const [found] = (await asGlobex(() => pool.query(residue))).rows;
      expect(found).toMatchObject({
        path: expect.stringMatching(/^"?t_globex"?, pg_temp$/),
        timeout: '0',
        locks: 0,
        channels: 0,
        statements: 0,
        cursors: 0,
        temporary: null,
        settings: '',
      });
      expect(await asGlobex(bodies)).toEqual(['of globex']);
      expect(await asAcme(bodies)).toEqual(['of acme']);
    });
  });
});

describe('a tenant that runs many slow statements', () => {
  it('waits for its own connections, while another one is served', async () => {
    const shared = new TenantPool({
      connectionString: database.appUrl,
      max: 3,
      bindings: new TenantBindings(),
      perTenant: { limit: 2, maxWait: 100 },
    });
    const slow = Array.from({ length: 6 }, () => asAcme(() => shared.query('SELECT pg_sleep(0.5)')));
    const settled = Promise.allSettled(slow);
    expect((await asGlobex(() => shared.query('SELECT body FROM messages'))).rows).toEqual([{ body: 'of globex' }]);
    const refused = (await settled).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(4);
    expect(refused[0]).toMatchObject({ reason: { code: 'TENANT_QUOTA_EXCEEDED', tenantId: 'acme' } });
    expect((await asAcme(() => shared.query('SELECT body FROM messages'))).rows).toEqual([{ body: 'of acme' }]);
    await shared.end();
  });
});
