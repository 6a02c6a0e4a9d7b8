import { describe, expect, it } from 'vitest';
import { traitsOf } from './statement-traits.js';

describe('what cannot run in a transaction', () => {
  it.each([
    'VACUUM',
    'vacuum (analyze, verbose) messages',
    'CREATE INDEX CONCURRENTLY ON messages (body)',
    'CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS i ON messages (body)',
    'DROP INDEX CONCURRENTLY IF EXISTS i',
    'REINDEX INDEX CONCURRENTLY i',
    'REINDEX (VERBOSE) TABLE CONCURRENTLY messages',
    'REINDEX (CONCURRENTLY) TABLE messages',
    'REINDEX SCHEMA t_acme',
    'CLUSTER',
    'CLUSTER (VERBOSE)',
    'ALTER TABLE messages DETACH PARTITION messages_1 CONCURRENTLY',
    'CREATE DATABASE other',
    'DROP DATABASE other',
    'CREATE TABLESPACE t LOCATION $$/x$$',
    'ALTER SYSTEM SET work_mem = 1',
    "COMMIT PREPARED 'x'",
    '/* now */ SELECT 1; VACUUM',
  ])('is refused, with where it can: %s', (sql) => {
    expect(traitsOf(sql).refusal).toContain('TenantDatabase.outsideTransaction()');
  });

  it.each([
    'CREATE INDEX ON messages (body)',
    'CREATE INDEX i ON messages ("concurrently")',
    'DROP INDEX i',
    'REINDEX TABLE messages',
    'REFRESH MATERIALIZED VIEW CONCURRENTLY totals',
    "ALTER TYPE status ADD VALUE 'sent'",
    'CLUSTER messages USING i',
    'ALTER TABLE messages DETACH PARTITION messages_1',
    'ANALYZE messages',
    "PREPARE TRANSACTION 'x'",
    "SELECT 'VACUUM'",
    'SELECT 1 AS vacuum',
  ])('is not taken for it: %s', (sql) => {
    expect(traitsOf(sql).refusal).toBeUndefined();
  });
});
