import { describe, expect, it } from 'vitest';
import { traitsOf } from './statement-traits.js';

describe('what certainly stays in a session', () => {
  it.each([
    "SET search_path TO 't_globex'",
    'set session characteristics as transaction isolation level serializable',
    '/* why */ SET ROLE globex',
    "SET TIME ZONE 'UTC'",
    "SELECT set_config('search_path', 't_globex', false)",
    "SELECT pg_catalog.set_config('a.b', upper('c'), false)",
    "SELECT set_config('a.b', 'c', is_local => false)",
    "UPDATE pg_settings SET setting = 'on' WHERE name = 'default_transaction_read_only'",
    'SELECT setseed(0.5)',
    'CREATE TEMP TABLE drafts (id int)',
    'CREATE TEMPORARY TABLE drafts (id int) ON COMMIT DELETE ROWS',
    'CREATE OR REPLACE TEMP VIEW drafts AS SELECT 1',
    'CREATE TABLE pg_temp.drafts (id int)',
    'SELECT * INTO TEMP drafts FROM messages',
    'SELECT pg_advisory_lock(1)',
    'SELECT pg_try_advisory_lock_shared(1, 2)',
    'SELECT 1 WHERE pg_catalog.pg_advisory_lock (1) IS NULL',
    'LISTEN news',
    'PREPARE p AS SELECT 1',
    'DECLARE c CURSOR WITH HOLD FOR SELECT 1',
    "LOAD 'auto_explain'",
    'SELECT 1; SET a.b = 1',
    "SET local.user_id = 'x'",
    "SET local . user_id = 'x'",
    "SET transaction.user_id = 'x'",
    "SET constraints.user_id = 'x'",
    'EXPLAIN (ANALYZE) SELECT pg_advisory_lock(1)',
    'EXPLAIN ANALYZE CREATE TEMP TABLE drafts AS SELECT 1',
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END; SET a.b = 1',
    'SET a.b = 1; SELECT begin atomic FROM (VALUES (1)) AS v(begin)',
  ])('is not sent through a pooler: %s', (sql) => {
    const { leavesResidue, refusal, refusalBehindPooler } = traitsOf(sql);

    expect(refusalBehindPooler).toMatch(/^It leaves .* Behind a pooler .*\. (?:Use|Send|Read|Make) .*\.$/);
    // Straight to the server it is cleared away when the connection is given back.
    expect({ leavesResidue, refusal }).toEqual({ leavesResidue: true, refusal: undefined });
  });
});

describe('what leaves nothing, or only perhaps something', () => {
  it.each([
    'SELECT body FROM messages',
    "INSERT INTO messages (body) VALUES ('LISTEN; SELECT set_config(1, 2, false), pg_advisory_lock(1)')",
    'INSERT INTO temp (id) SELECT 1',
    'SET LOCAL statement_timeout = 100',
    'SET LOCAL"statement_timeout"=100',
    'EXPLAIN ANALYZE SELECT pg_advisory_xact_lock(1)',
    'SET TRANSACTION READ ONLY',
    'SET CONSTRAINTS ALL DEFERRED',
    "SELECT set_config('a.b', 'c', true)",
    'SELECT set_config($1, $2, $3)',
    'SELECT pg_advisory_xact_lock(1)',
    'SELECT pg_try_advisory_xact_lock_shared(1)',
    'SELECT pg_advisory_unlock(1)',
    'CREATE TEMP TABLE drafts (id int) ON COMMIT DROP',
    'CREATE TABLE messages (id int)',
    'CREATE TABLE temp (id int)',
    'CREATE VIEW locks AS SELECT pg_advisory_lock(1)',
    'CREATE FUNCTION f() RETURNS void LANGUAGE sql SET search_path = a AS $$ SELECT setseed(1) $$',
    'CREATE FUNCTION f() RETURNS void BEGIN ATOMIC SELECT pg_advisory_lock(1); END',
    'ALTER TABLE messages ALTER COLUMN body SET NOT NULL',
    'DO $$ BEGIN PERFORM set_config($a$a.b$a$, $a$c$a$, false); END $$',
    'COPY messages TO STDOUT',
    'CALL something()',
    "PREPARE TRANSACTION 'x'",
    'DECLARE c CURSOR FOR SELECT 1',
    'RESET ALL',
    'DISCARD ALL',
    'NOTIFY news',
  ])('is sent through a pooler: %s', (sql) => {
    expect(traitsOf(sql).refusalBehindPooler).toBeUndefined();
  });
});
