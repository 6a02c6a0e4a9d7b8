import fc from 'fast-check';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { useTestDatabase } from '../../../../../test/support/test-database.js';
import { roleEscapeOf } from './role-escape.js';

describe('a statement that might leave the role of its transaction', () => {
  it.each([
    'SET ROLE globex',
    'set  local\nrole to none',
    'SET SESSION ROLE "t_globex@shop"',
    'SET role = DEFAULT',
    'SET LOCAL role=none',
    'SET "role" TO none',
    'SET "role" = none',
    'SET LOCAL "role" = none',
    'SET LOCAL "role" TO none',
    'SET LOCAL "ROLE"=none',
    'SET SESSION "role" = none',
    'SET U&"\\0072ole" TO none',
    'SET LOCAL U&"r!006fle" UESCAPE \'!\' TO none',
    'SET/**/ROLE/**/none',
    'SET -- a note\n ROLE none',
    '/* why */ SET ROLE none',
    'RESET ROLE',
    'RESET role',
    'RESET "role"',
    'RESET ALL',
    'RESET SESSION AUTHORIZATION',
    'SET SESSION AUTHORIZATION DEFAULT',
    'SET LOCAL SESSION AUTHORIZATION app',
    'SET SESSION SESSION AUTHORIZATION app',
    'SET session_authorization TO app',
    'RESET session_authorization',
    'DISCARD ALL',
    'DISCARD TEMP',
    'SELECT 1; SET ROLE none',
    "SELECT '\\'; SET ROLE none --'",
    'BEGIN; RESET ROLE; COMMIT',
    'SELECT 1 AS é$$; SET ROLE none; SELECT 1 AS é$$',
    "SELECT E'a'\n'b\\'c', 1; SET ROLE none; --'",
  ])('says so itself: %s', (sql) => {
    expect(roleEscapeOf(sql)).toContain("tenant's role");
  });

  it.each([
    "SELECT set_config('role', 'none', true)",
    "SELECT pg_catalog.set_config ('role', 'none', true)",
    "SELECT SET_CONFIG('ro' || 'le', 'none', true)",
    "SELECT \"set_config\"('role', 'none', true)",
    "SELECT pg_catalog.U&\"\\0073et_config\"('role', 'none', true)",
    "PREPARE p AS SELECT set_config('role', $1, true)",
    "COPY (SELECT set_config('role', 'none', true)) TO STDOUT",
    "EXPLAIN ANALYZE SELECT set_config('role', 'none', true)",
    "SELECT query_to_xml('SELECT set_' || 'config(...)', true, false, '')",
    "SELECT query_to_xml_and_xmlschema($1, true, false, '')",
    'SELECT * FROM ts_stat($1)',
    "SELECT ts_rewrite('a'::tsquery, $1)",
    'SELECT * FROM crosstab($1) AS t(a int)',
    'SELECT * FROM dblink_exec($1)',
  ])('runs what may: %s', (sql) => {
    expect(roleEscapeOf(sql)).toBeDefined();
  });

  it.each([
    "DO $$ BEGIN EXECUTE 'SET RO' || 'LE none'; END $$",
    'do$$begin end$$',
    "DO E'BEGIN \\x45XECUTE ''RESET ROLE''; END'",
    'DO LANGUAGE plpgsql $$ BEGIN END $$',
    'CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN END $$',
    'CREATE OR REPLACE PROCEDURE pg_temp.f() LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN END $$',
    'ALTER FUNCTION f() SET role TO none',
    'SELECT 1; DO $$ BEGIN END $$',
  ])('hides it in a body: %s', (sql) => {
    expect(roleEscapeOf(sql)).toContain('body');
  });

  it.each([
    'SET standard_conforming_strings = off',
    'SET LOCAL standard_conforming_strings TO off',
    "SET client_encoding = 'SJIS'",
    "SET NAMES 'SJIS'",
    'RESET client_encoding',
    "UPDATE pg_settings SET setting = 'off' WHERE name = 'standard_conforming_strings'",
    'UPDATE ONLY pg_catalog."pg_settings" AS s SET setting = $1 WHERE name = $2',
    "WITH a AS (UPDATE pg_settings SET setting = 'off') SELECT 1",
    'EXPLAIN ANALYZE UPDATE pg_settings SET setting = $1 WHERE name = $2',
    'PREPARE p AS UPDATE pg_settings SET setting = $1',
    'CREATE TEMP VIEW settings AS TABLE pg_settings',
    `UPDATE "pg_settings" SET setting = 'off' WHERE name = 'x'`,
  ])('makes the server read the next one in another way: %s', (sql) => {
    expect(roleEscapeOf(sql)).toContain("tenant's role");
  });
});

describe('a statement that runs another one by its name', () => {
  it.each([
    `EXECUTE nestjs_tenancy_bind('"t_acme", pg_temp', 't_globex@shop')`,
    'execute"nestjs_tenancy_bind"(null, null)',
    'SELECT 1; EXECUTE p',
    '/* why */ EXECUTE/**/p',
    'EXPLAIN EXECUTE p',
    'EXPLAIN ANALYZE VERBOSE EXECUTE p',
    'explain(analyze, "timing" off)execute p',
    'EXPLAIN (COSTS OFF) CREATE TEMP TABLE t AS EXECUTE p',
    'CREATE TEMP TABLE "t" (a, b) ON COMMIT DROP AS EXECUTE p(1) WITH NO DATA',
    'CREATE TABLE a\u2028b AS/**/EXECUTE p',
    'CREATE TABLE a WITH (as = 1) AS EXECUTE p',
  ])('might leave it as well: %s', (sql) => {
    expect(roleEscapeOf(sql)).toContain('EXECUTE');
  });

  it.each([
    'DEALLOCATE nestjs_tenancy_bind',
    'PREPARE nestjs_tenancy_bind(text, text) AS SELECT pg_sleep(0)',
    'DEALLOCATE "nestjs_tenancy_7"',
    "SELECT run('EXECUTE nestjs_tenancy_bind(null, null)')",
  ])('is refused for the name alone, where that is the library’s: %s', (sql) => {
    expect(roleEscapeOf(sql)).toContain('nestjs_tenancy_');
  });

  it.each([
    'GRANT EXECUTE ON FUNCTION f() TO PUBLIC',
    'CREATE TRIGGER t BEFORE INSERT ON notes EXECUTE FUNCTION f()',
    'SELECT execute FROM jobs AS execute',
    'CREATE VIEW v AS SELECT body AS execute FROM jobs',
    'CREATE TABLE t AS (SELECT body AS execute FROM jobs)',
    'EXPLAIN SELECT execute FROM jobs',
    'PREPARE p AS SELECT 1',
    'DEALLOCATE p',
    'NOTIFY nestjs_tenancy_changes',
  ])('is not one that has the word otherwise: %s', (sql) => {
    expect(roleEscapeOf(sql)).toBeUndefined();
  });
});

describe('any other statement', () => {
  it.each([
    'SELECT "m"."role" AS "m_role" FROM "members" "m" WHERE "m"."role" = $1',
    'UPDATE "members" SET "role" = $1, "session" = $2 WHERE "id" = $3',
    "INSERT INTO members (role) VALUES ('set role')",
    "UPDATE members SET role = 'see pg_settings'",
    "SELECT 1 FROM members WHERE role = 'pg_settings' FOR UPDATE",
    'START TRANSACTION',
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'SET CONSTRAINTS ALL DEFERRED',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY',
    'SET LOCAL statement_timeout = 100',
    'SET LOCAL statement_timeout=100',
    "SET TIME ZONE 'UTC'",
    "SET LOCAL app.user TO 'x'",
    'SET search_path TO t_acme',
    'RESET statement_timeout',
    'SAVEPOINT a',
    'ROLLBACK TO SAVEPOINT a',
    'CREATE TEMP TABLE t (id int)',
    'CREATE TEMP VIEW do_it AS SELECT 1',
    'TRUNCATE TABLE "messages"',
    'SELECT my_set_config(1)',
    "SELECT setting FROM pg_settings WHERE name = 'update'",
    'UPDATE "my_pg_settings" SET setting = 1',
    '',
  ])('is none: %s', (sql) => {
    expect(roleEscapeOf(sql)).toBeUndefined();
    expect(roleEscapeOf(sql)).toBeUndefined();
  });
});

describe('whatever is let through', () => {
  const database = useTestDatabase();
  // What a text has to be made of to be read in one way here and in another one by the server.
  const PIECES = "' '' E' N' U&' \\' \\ \" \"\" $$ $a$ $ é a e 1 , -- /* */ ; || ::text é$$".split(' ');
  const FRAGMENTS = [...PIECES, ' ', '\n', '\r', 'SELECT ', 'AS ', "SELECT '", "E'a'\n'", "'a' ", 'SELECT 1 AS a'];
  const ENDINGS = [
    '; SET ROLE none',
    "; SET ROLE none; --'",
    '; SET LOCAL "role" = none --$$',
    ';SET/**/ROLE none; SELECT 1',
    '; EXECUTE leave',
    '; EXPLAIN ( "analyze" )EXECUTE leave --\'',
    '; CREATE TEMP TABLE a AS/**/EXECUTE leave',
  ];

  it('leaves the role as it is, however a text is put together', async () => {
    const client = new pg.Client(database.url);
    await client.connect();
    await client.query("PREPARE leave AS SELECT set_config('role', 'none', true)");
    let understood = 0;
    const text = fc
      .tuple(fc.array(fc.constantFrom(...FRAGMENTS), { maxLength: 8 }), fc.constantFrom(...ENDINGS))
      .map(([parts, ending]) => `SELECT ${parts.join('')}${ending}`);
    const roleAfter = async (sql: string): Promise<string> => {
      await client.query('BEGIN; SET LOCAL ROLE pg_monitor');
      try {
        await client.query(sql);
        const { rows } = await client.query<{ role: string }>('SELECT current_user AS role');
        understood += 1;
        return rows[0].role;
      } catch {
        return 'pg_monitor';
      } finally {
        await client.query('ROLLBACK');
      }
    };
    await fc.assert(
      fc.asyncProperty(text, async (sql) => {
        if (roleEscapeOf(sql) === undefined) expect(await roleAfter(sql)).toBe('pg_monitor');
      }),
      { numRuns: 10_000, seed: 1 },
    );
    expect(understood).toBeGreaterThan(50);
    await client.end();
  });
});
