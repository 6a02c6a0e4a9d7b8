import { describe, expect, it } from 'vitest';
import { outline } from './sql-outline.js';
import { traitsOf } from './statement-traits.js';

const FUNCTION = `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $body$
  BEGIN PERFORM 1; -- it's only a body
  COMMIT; RETURN 1; END; $body$; SELECT 1`;

describe('the outline of a statement', () => {
  it.each([
    ["SELECT 'it''s; COMMIT' FROM a", 'SELECT   FROM a'],
    ["SELECT E'\\'; COMMIT' FROM a", 'SELECT E  FROM a'],
    ["SELECT '\\'; COMMIT", 'SELECT  ; COMMIT'],
    ['SELECT "a;b""c" FROM d', 'SELECT   FROM d'],
    ['SELECT $$;$$, $a$;$$;$a$, $1, a$b$c', 'SELECT  ,  , $1, a$b$c'],
    ['/* a /* b */ ; */SELECT 1', ' SELECT 1'],
    ['-- a ; b\rSELECT 1', ' SELECT 1'],
    ['SELECT 1 -- ; end', 'SELECT 1  '],
    ["SELECT 'never closed; COMMIT", 'SELECT  '],
    ["SELECT E'a'\n  -- more\n 'b\\';c', 1; COMMIT --'", 'SELECT E , 1; COMMIT  '],
    ["SELECT E'a' 'b\\'; COMMIT --'", 'SELECT E   ; COMMIT  '],
    ['SELECT 1 AS é$$; COMMIT; SELECT 1 AS é$$', 'SELECT 1 AS é$$; COMMIT; SELECT 1 AS é$$'],
    ["SELECT ée'\\'; COMMIT --'", 'SELECT ée ; COMMIT  '],
    [`SELECT $${'a'.repeat(80)}$ ' $${'a'.repeat(80)}$; COMMIT --'`, 'SELECT  ; COMMIT  '],
  ])('leaves out what is quoted: %s', (sql, expected) => {
    expect(outline(sql)).toBe(expected);
  });

  it('takes time in proportion to the text', () => {
    expect(outline(`begin${' '.repeat(500_000)}!`)).toHaveLength(500_006);
    expect(outline(`SELECT E''${' -- '.repeat(200_000)}`)).toBe('SELECT E   ');
    expect(outline(' $a'.repeat(200_000))).toHaveLength(600_000);
    expect(traitsOf(`begin${' '.repeat(500_000)}!`).begin).toBeUndefined();
  });
});

describe('what an ORM sends', () => {
  it.each([
    'SELECT "m"."id" AS "m_id" FROM "messages" "m" WHERE "m"."temperature" = $1 OFFSET 10',
    'INSERT INTO "templates"("id", "body") VALUES ($1, DEFAULT) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body',
    'UPDATE "messages" SET "status" = $1 WHERE "id" IN ($2)',
    'DELETE FROM "messages"',
    '(SELECT 1) UNION (SELECT 2)',
    '/* a note */ SELECT 1',
    'START TRANSACTION',
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'SET LOCAL statement_timeout = 100',
    'SET LOCAL "statement_timeout" = 100',
    'SET LOCAL"statement_timeout"=100',
    'SET CONSTRAINTS a, b DEFERRED',
    'EXPLAIN SELECT body FROM messages',
    'EXPLAIN (ANALYZE, BUFFERS) UPDATE messages SET body = $1',
    'SAVEPOINT typeorm_1',
    'ROLLBACK TO SAVEPOINT typeorm_1',
    'COMMIT',
    'ALTER TABLE messages ALTER COLUMN body SET NOT NULL',
    'WITH x AS (INSERT INTO messages DEFAULT VALUES RETURNING *) SELECT * FROM x',
    'WITH x AS (UPDATE messages SET status = $1 RETURNING *) SELECT * FROM x',
    '',
    '-- nothing but a comment',
  ])('leaves nothing, and is sent: %s', (sql) => {
    expect(traitsOf(sql)).toMatchObject({ leavesResidue: false, refusal: undefined, needsTransaction: false });
  });
});

describe('what stays in a session', () => {
  it.each([
    "SET search_path TO 't_globex'",
    'set session characteristics as transaction isolation level serializable',
    '/* why */ SET ROLE globex',
    '/* /* */ update */ SET statement_timeout = 88',
    '-- first\n  SET statement_timeout = 1',
    '-- note\rSET search_path = t_acme',
    'RESET ALL',
    "SELECT set_config('search_path', 't_globex', false)",
    "SELECT \"set_config\"('role', 'globex', false)",
    "SELECT E'\\'' || set_config('a.b', 'c', false) || 'x'",
    "SELECT U&\"\\0073et_config\"('a.b', 'c', false)",
    "UPDATE pg_settings SET setting = 'on' WHERE name = 'default_transaction_read_only'",
    "SELECT query_to_xml('SELECT set_' || 'config(...)', true, false, '')",
    'SELECT setseed(0.5)',
    'SELECT set_limit(0.8)',
    'CREATE TABLE messages (id int)',
    'CREATE TEMP TABLE messages (id int)',
    'CREATE TEMPORARY TABLE messages (id int)',
    'CREATE TABLE pg_temp.messages (id int)',
    'SELECT * INTO TEMP x FROM messages',
    'SELECT * INTO x FROM messages',
    'WITH a AS (SELECT 1) SELECT * INTO x FROM a',
    'SELECT pg_advisory_lock(1)',
    'SELECT pg_try_advisory_lock(1)',
    'LISTEN news',
    'PREPARE p AS SELECT 1',
    'DECLARE c CURSOR WITH HOLD FOR SELECT 1',
    'DO $$ BEGIN PERFORM 1; END $$',
    'CALL something()',
    "LOAD 'auto_explain'",
    'COPY messages TO STDOUT',
    'SELECT 1; SET a.b = 1',
    'BEGIN; SET a.b = 1',
    "SET local.user_id = 'x'",
    "SET local . user_id = 'x'",
    'SET local."user_id" = 1',
    "SET/**/local/**/.user_id = 'x'",
    "SET local$1.user_id = 'x'",
    "SET local\u00a0é.user_id = 'x'",
    "SET transaction.user_id = 'x'",
    "SET constraints.user_id TO 'x'",
    "SELECT run('SET local.user_id = 1')",
    'EXPLAIN ANALYZE CREATE TABLE notes AS SELECT 1 AS id',
    'EXPLAIN (ANALYZE, COSTS OFF) CREATE TABLE notes AS SELECT 1 AS id',
    'explain analyse verbose (select 1 as id into notes)',
    'EXPLAIN ANALYZE EXECUTE p',
  ])('is seen: %s', (sql) => {
    expect(traitsOf(sql).leavesResidue).toBe(true);
  });
});

describe('what is made', () => {
  it.each([
    'CREATE TABLE notes (id int)',
    'CREATE VIEW notes AS SELECT 1',
    'SELECT 1 AS id INTO notes',
    '(SELECT 1 AS id INTO notes)',
    'WITH a AS (SELECT 1 AS id) SELECT * INTO notes FROM a',
    'EXPLAIN ANALYZE CREATE TABLE notes AS SELECT 1 AS id',
    'EXPLAIN ANALYSE VERBOSE CREATE TABLE notes AS SELECT 1 AS id',
    'explain(analyze)create materialized view notes as select 1 as id',
    'EXPLAIN ("analyze", COSTS OFF) SELECT 1 AS id INTO notes',
    'EXPLAIN ANALYZE (SELECT 1 AS id INTO notes)',
  ])('needs the schema to be there: %s', (sql) => {
    expect(traitsOf(sql).createsObjects).toBe(true);
  });

  it.each(['CREATE ROLE a', 'EXPLAIN (SELECT 1)', 'EXPLAIN ANALYZE INSERT INTO notes VALUES (1)', 'SELECT 1'])(
    'is nothing by %s',
    (sql) => {
      expect(traitsOf(sql).createsObjects).toBe(false);
    },
  );
});

describe('a transaction', () => {
  it.each([
    ['BEGIN', 'begin'],
    [' Start  Transaction;', 'start transaction'],
    ['/* ours */ BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY', 'begin isolation level repeatable read, read only'],
    ['BEGIN WORK NOT DEFERRABLE', 'begin work not deferrable'],
  ])('is begun by %s', (sql, begin) => {
    expect(traitsOf(sql).begin).toBe(begin);
  });

  it.each(['EXPLAIN BEGIN', '(BEGIN)', 'BEGIN nonsense', 'BEGIN; SELECT 1', 'SELECT 1', 'BEGINNING'])(
    'is not begun by %s',
    (sql) => {
      expect(traitsOf(sql).begin).toBeUndefined();
    },
  );

  it.each(['ROLLBACK', 'ABORT WORK', 'rollback to savepoint "a"', 'ROLLBACK TRANSACTION TO a'])(
    'is taken back by %s',
    (sql) => {
      expect(traitsOf(sql).undoes).toBe(true);
    },
  );

  it.each(['COMMIT', 'RELEASE SAVEPOINT a', 'ROLLBACK; SELECT 1', "ROLLBACK PREPARED 'a'", 'SELECT 1'])(
    'is not only taken back by %s',
    (sql) => {
      expect(traitsOf(sql).undoes).toBe(false);
    },
  );

  it('is given modes by SET TRANSACTION', () => {
    expect(traitsOf('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY')).toMatchObject({
      modes: 'isolation level serializable, read only',
    });
    expect(traitsOf("SET TRANSACTION SNAPSHOT '1'")).toMatchObject({ modes: undefined, travelsAlone: true });
  });

  it.each([
    ['COMMIT', 'COMMIT'],
    ['/* x */ END TRANSACTION;', 'COMMIT'],
    ['rollback work', 'ROLLBACK'],
    ['ABORT', 'ROLLBACK'],
    ['ROLLBACK TO SAVEPOINT a', undefined],
    ['COMMIT PREPARED $1', undefined],
  ])('is ended by %s: %s', (sql, end) => {
    expect(traitsOf(sql).end).toBe(end);
  });

  it.each([
    'COMMIT AND CHAIN',
    '/* c */ COMMIT AND/**/CHAIN',
    'SELECT 1; rollback and chain',
    'COMMIT; BEGIN',
    'SELECT 1; COMMIT; SELECT body FROM messages',
    'ROLLBACK; SELECT 1',
    'SELECT lastval()',
    'SELECT pg_catalog.lastval ()',
    'SELECT "lastval"()',
    'SELECT pg_catalog."lastval" ()',
    'SELECT "lastval"/**/()',
    'SELECT pg_catalog."lastval" -- of whom?\n ()',
    'SELECT U&"last\\0076al"()',
    `SELECT u&"last!0076al" UESCAPE '!' ()`,
    'SELECT begin atomic FROM (VALUES (1)) AS v(begin); COMMIT; SELECT body FROM t_globex.messages',
    'CREATE FUNCTION f(begin atomic) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$; COMMIT; SELECT 1',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; COMMIT; SELECT 1',
    'CREATE FUNCTION f() RETURNS void BEGIN ATOMIC END; COMMIT; SELECT 1; END',
    'CREATE VIEW v AS SELECT begin atomic FROM (VALUES (1)) AS v(begin); COMMIT; SELECT 1; END',
  ])('that nobody could bind is refused: %s', (sql) => {
    expect(traitsOf(sql).refusal).toBeDefined();
  });

  it.each([
    "INSERT INTO notes VALUES ('we commit; and chain')",
    "INSERT INTO notes VALUES ('lastval()')",
    `INSERT INTO notes VALUES ('the function "lastval" (…)') -- "lastval"()`,
    'SELECT currval($1)',
    'SELECT "lastvalue" FROM notes',
    'ROLLBACK TO SAVEPOINT a; SELECT 1',
    'COMMIT;',
    'COMMIT AND NO CHAIN',
    FUNCTION,
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SELECT 1',
    'CREATE OR REPLACE PROCEDURE f(a numeric(3, 1)) BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 2 END; SELECT 1; END; COMMIT',
  ])('that is nothing of the kind is not: %s', (sql) => {
    expect(traitsOf(sql).refusal).toBeUndefined();
  });
});
