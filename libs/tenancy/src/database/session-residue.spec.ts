import { describe, expect, it } from 'vitest';
import { leavesResidue } from './session-residue.js';

describe('what an ORM sends', () => {
  it.each([
    'SELECT "m"."id" AS "m_id" FROM "messages" "m" WHERE "m"."temperature" = $1 OFFSET 10',
    'INSERT INTO "templates"("id", "body") VALUES ($1, DEFAULT) ON CONFLICT (id) DO UPDATE SET body = EXCLUDED.body',
    'UPDATE "messages" SET "status" = $1 WHERE "id" IN ($2)',
    'DELETE FROM "messages"',
    'START TRANSACTION',
    'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'SET LOCAL statement_timeout = 100',
    'SAVEPOINT typeorm_1',
    'COMMIT',
    'ALTER TABLE messages ALTER COLUMN body SET NOT NULL',
    'WITH x AS (UPDATE messages SET status = $1 RETURNING *) SELECT * FROM x',
    '',
    '-- nothing but a comment',
  ])('leaves nothing: %s', (sql) => {
    expect(leavesResidue(sql)).toBe(false);
  });
});

describe('what stays in a session', () => {
  it.each([
    "SET search_path TO 't_globex'",
    'set session characteristics as transaction isolation level serializable',
    '/* why */ SET ROLE globex',
    '-- first\n  SET statement_timeout = 1',
    'RESET ALL',
    "SELECT set_config('search_path', 't_globex', false)",
    "SELECT \"set_config\"('role', 'globex', false)",
    "SELECT E'\\'' || set_config('a.b', 'c', false) || 'x'",
    "SELECT U&\"\\0073et_config\"('a.b', 'c', false)",
    'CREATE TEMP TABLE messages (id int)',
    'CREATE TEMPORARY TABLE messages (id int)',
    'CREATE TABLE pg_temp.messages (id int)',
    'SELECT * INTO TEMP x FROM messages',
    'SELECT pg_advisory_lock(1)',
    'SELECT pg_try_advisory_lock(1)',
    'LISTEN news',
    'PREPARE p AS SELECT 1',
    'DECLARE c CURSOR WITH HOLD FOR SELECT 1',
    'DO $$ BEGIN PERFORM 1; END $$',
    'CALL something()',
    "LOAD 'auto_explain'",
    'SELECT 1; SET a.b = 1',
    'BEGIN; SET a.b = 1',
    'BEGIN; SET LOCAL a.b = 1',
  ])('is seen: %s', (sql) => {
    expect(leavesResidue(sql)).toBe(true);
  });
});
