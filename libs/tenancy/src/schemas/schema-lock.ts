import pg from 'pg';
import type { QueryRunner } from 'typeorm';

/** The name of the lock on a schema: whoever makes, migrates or drops it holds that until the end of his transaction. */
const nameOf = (schema: string): string => `tenancy:${schema}`;

/** Waits for the lock on a schema and takes it for the running transaction. */
export async function lockSchema(schema: string, runner: QueryRunner): Promise<void> {
  await runner.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [nameOf(schema)]);
}

/**
 * Takes the lock where it is free, without waiting; tells whether it did. Without parameters: the snapshot of a statement that
 * has some is kept until the next one, and CREATE INDEX CONCURRENTLY of whoever has the lock would wait for it.
 */
export async function tryLockSchema(schema: string, runner: QueryRunner): Promise<boolean> {
  const [{ taken }] = await runner.manager.query<[{ taken: boolean }]>(
    `SELECT pg_catalog.pg_try_advisory_xact_lock(${keySql(schema)}) AS taken`,
  );
  return taken;
}

/**
 * Takes the lock of the first of some schemas that is free, without waiting; returns its name. What the list was like before
 * that may not hold any more. `list` is a statement with one parameter, which returns their names as `schema`.
 */
export async function tryLockFirst(
  list: string,
  parameter: string,
  except: readonly string[],
  runner: QueryRunner,
): Promise<string | undefined> {
  // Materialized, as a lock of each would be taken otherwise, and not of the first one that is free.
  const [found] = await runner.manager.query<Array<{ schema: string }>>(
    `WITH list AS MATERIALIZED (${list})
     SELECT schema FROM (SELECT schema FROM list WHERE schema <> ALL ($2) OFFSET 0) AS rest
      WHERE pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('${nameOf('')}' || schema, 0)) LIMIT 1`,
    [parameter, except],
  );
  return found?.schema;
}

/** The same as `lockSchema()`, as a statement without parameters. */
export function lockSql(schema: string): string {
  return `SELECT pg_catalog.pg_advisory_xact_lock(${keySql(schema)})`;
}

function keySql(schema: string): string {
  return `pg_catalog.hashtextextended(${pg.escapeLiteral(nameOf(schema))}, 0)`;
}
