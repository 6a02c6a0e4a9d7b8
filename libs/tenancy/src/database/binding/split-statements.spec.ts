import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { splitStatements } from './split-statements.js';
import { traitsOf } from './statement-traits.js';

describe('the statements of a text', () => {
  it.each([
    ['SELECT 1;\n\t SELECT "a;b" ;', ['select 1', 'select']],
    ['; ;', []],
    [
      'create function f() returns int begin atomic select 1; select 2; end; select 3',
      ['create function f() returns int begin atomic select 1; select 2; end', 'select 3'],
    ],
    ['CREATE PROCEDURE f() BEGIN ATOMIC END; COMMIT', ['create procedure f() begin atomic end', 'commit']],
    ['SELECT begin atomic; COMMIT', ['select begin atomic', 'commit']],
    ['CREATE FUNCTION f(a int, begin atomic); COMMIT', ['create function f(a int, begin atomic)', 'commit']],
    ['SET LOCAL\u00a0é$x.y = 1', ['set local__$x.y = 1']],
    ['SELECT $1, $2', ['select $1, $2']],
  ])('%s', (sql, expected) => {
    expect(splitStatements(sql)).toEqual(expected);
  });

  it('are found in the time of its length', () => {
    expect(splitStatements(`create function f${'('.repeat(500_000)}`)).toHaveLength(1);
    expect(splitStatements(`create function f begin atomic ${'select 1;'.repeat(100_000)}`)).toHaveLength(1);
  });
});

describe('whatever is let through in one text', () => {
  const database = useTestDatabase();
  const PIECES = [
    'SELECT 1',
    'SELECT CASE WHEN true THEN 1 END',
    'SELECT begin atomic FROM (VALUES (1)) AS v(begin)',
    "SELECT $$ END; COMMIT $$, '; COMMIT'",
    'CREATE OR REPLACE FUNCTION pg_temp.f() RETURNS int BEGIN ATOMIC SELECT 1',
    'CREATE OR REPLACE FUNCTION pg_temp.g(begin atomic) RETURNS int LANGUAGE sql AS $$ SELECT 1; END $$',
    'CREATE OR REPLACE FUNCTION pg_temp.h(a int, begin atomic) RETURNS int/**/BEGIN ATOMIC',
    'CREATE OR REPLACE PROCEDURE pg_temp.i() BEGIN "ATOMIC" ATOMIC',
    'CREATE OR REPLACE PROCEDURE pg_temp.j() BEGIN /* ; END */ ATOMIC END',
    'CREATE OR REPLACE PROCEDURE pg_temp.k(begin atomic) BEGIN ATOMIC END',
    'RETURN 1',
    'END',
    'END',
    'COMMIT',
    'ROLLBACK',
    '-- ; END\n',
  ];

  it('runs as what it was bound to, up to its end', async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query('CREATE DOMAIN pg_temp.atomic AS int');
    let understood = 0;
    let ended = 0;
    const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 7 }).map((pieces) => pieces.join('; '));
    await fc.assert(
      fc.asyncProperty(text, async (sql) => {
        const whole = `${sql}; SELECT current_setting('a.b', true) AS seen`;
        const answer = await client.query(`SET LOCAL a.b = 'bound'; ${whole}`).catch(() => undefined);
        await client.query('ROLLBACK');
        if (!answer) return;
        understood += 1;
        const results = answer as unknown as pg.QueryResult[];
        const isBound = results.at(-1)?.rows[0].seen === 'bound';
        if (!isBound) ended += 1;
        if (traitsOf(whole).refusal === undefined) expect(isBound).toBe(true);
        expect(splitStatements(whole)).toHaveLength(results.length - 1);
      }),
      { numRuns: 10_000, seed: 1 },
    );
    expect({ understood: understood > 200, ended: ended > 20 }).toEqual({ understood: true, ended: true });
    await client.end();
  }, 60_000);
});
