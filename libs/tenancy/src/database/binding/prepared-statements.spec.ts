import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { runInScope } from '../../context/tenancy-scope.js';
import { defineTenant } from '../../tenants/tenant.js';
import { TenantPool } from '../pool/tenant-pool.js';
import { TenantBindings } from './tenant-binding.js';

const acme = defineTenant({ id: 'acme', schema: 't_acme' });
const globex = defineTenant({ id: 'globex', schema: 't_globex' });
const asAcme = <T>(work: () => T): T => runInScope({ tenant: acme }, work);
const asGlobex = <T>(work: () => T): T => runInScope({ tenant: globex }, work);

const database = useTestDatabase();
const READ = 'SELECT * FROM messages WHERE id = $1';
let pool: TenantPool;

beforeAll(async () => {
  for (const { id, schema } of [acme, globex]) {
    await database.query(`CREATE SCHEMA ${schema} AUTHORIZATION ${database.appRole}`);
    await database.query(`CREATE TABLE ${schema}.messages (id serial PRIMARY KEY, body text NOT NULL)`);
    await database.query(`INSERT INTO ${schema}.messages (body) VALUES ('of ${id}')`);
    await database.query(`ALTER TABLE ${schema}.messages OWNER TO ${database.appRole}`);
  }
});

beforeEach(() => {
  pool = new TenantPool({
    connectionString: database.appUrl,
    max: 1,
    maxPrepared: 3,
    bindings: new TenantBindings(),
    server: { isDirect: true },
  });
  return () => pool.end();
});

const read = async (id = 1) => (await pool.query<{ body: string }>(READ, [id])).rows.map(({ body }) => body);
/** What the server keeps for the statements of tenants, whoever asks. */
const kept = async (): Promise<string[]> => {
  const { rows } = await pool.query<{ statement: string }>(
    "SELECT statement FROM pg_prepared_statements WHERE name <> 'nestjs_tenancy_bind' ORDER BY prepare_time",
  );
  return rows.map(({ statement }) => statement);
};

describe('a statement that repeats', () => {
  it('is prepared the second time, for each tenant of its own', async () => {
    expect(await asAcme(read)).toEqual(['of acme']);
    expect(await asAcme(kept)).toEqual([]);
    for (let round = 0; round < 8; round += 1) {
      expect(await asAcme(read)).toEqual(['of acme']);
      expect(await asGlobex(read)).toEqual(['of globex']);
    }
    expect(await asAcme(kept)).toEqual([READ, READ]);
  });

  it('works in a transaction, as its first statement and later', async () => {
    for (let round = 0; round < 4; round += 1) {
      const client = await asAcme(() => pool.connect());
      const bodies = await asAcme(async () => {
        await client.query('START TRANSACTION');
        const first = await client.query(READ, [1]);
        const second = await client.query(READ, [1]);
        await client.query('COMMIT');
        return [...first.rows, ...second.rows].map(({ body }: { body: string }) => body);
      });
      client.release();
      expect(bodies).toEqual(['of acme', 'of acme']);
    }
  });

  it('is dropped when others are used more recently', async () => {
    const ask = (n: number) => asAcme(() => pool.query(`SELECT ${n} AS n WHERE $1 = 1`, [1]));
    for (const n of [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]) await ask(n);
    // What is dropped is closed with the next statement.
    expect(await asAcme(kept)).toEqual([3, 4, 5].map((n) => `SELECT ${n} AS n WHERE $1 = 1`));
  });

  it('is prepared anew after a migration of the same process, and after one of another', async () => {
    const columns = async () => Object.keys((await pool.query(READ, [1])).rows[0]);
    for (let round = 0; round < 3; round += 1) await asGlobex(columns);
    await asGlobex(() => pool.query('ALTER TABLE messages ADD COLUMN one int'));
    expect(await asGlobex(columns)).toEqual(['id', 'body', 'one']);
    for (let round = 0; round < 3; round += 1) await asGlobex(columns);
    await database.query('ALTER TABLE t_globex.messages ADD COLUMN two int');
    expect(await asGlobex(columns)).toEqual(['id', 'body', 'one', 'two']);
  });

  it('goes on after the session has forgotten it', async () => {
    for (let round = 0; round < 3; round += 1) await asAcme(read);
    await asAcme(() => pool.query('DEALLOCATE ALL'));
    expect(await asAcme(read)).toEqual(['of acme']);
  });

  it('is answered in binary, and takes parameters of other types, where it is asked for so', async () => {
    const typeOf = async (given: object): Promise<string> =>
      (await pool.query<{ type: string }>({ text: 'SELECT pg_typeof($1)::text AS type', values: ['7'], ...given }))
        .rows[0].type;
    await asAcme(async () => {
      for (const round of [1, 2, 3]) {
        expect([round, await typeOf({ types: [25] }), await typeOf({ types: [23] })]).toEqual([
          round,
          'text',
          'integer',
        ]);
      }
      const number = { text: 'SELECT 7 AS seven WHERE $1', values: [true] };
      for (const binary of [false, false, false, true, false, true]) {
        expect((await pool.query({ ...number, binary } as pg.QueryConfig)).rows).toEqual([{ seven: 7 }]);
      }
    });
  });

  it('fails as it would without, and is asked for again', async () => {
    const divide = (by: number) => asAcme(() => pool.query('SELECT 1 / $1::int AS result', [by]));
    for (const by of [1, 1, 1]) await divide(by);
    await expect(divide(0)).rejects.toMatchObject({ code: '22012' });
    expect((await divide(1)).rows).toEqual([{ result: 1 }]);
  });
});
