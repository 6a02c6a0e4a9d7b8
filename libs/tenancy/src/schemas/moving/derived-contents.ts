import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import type { SchemaContents } from '../contents/schema-contents.js';
import { nameOf } from '../contents/row-sql.js';
import { readCounters } from '../contents/schema-contents.js';

/**
 * Lets the sequences go on where they are. A number that is taken on the source from now on is one that the target gives once
 * more; nobody can write it there.
 */
export async function copySequences(
  schema: string,
  contents: SchemaContents,
  source: QueryRunner,
  target: QueryRunner,
): Promise<void> {
  for (const { name, value, isCalled } of await readCounters(schema, contents, source)) {
    await target.query(`SELECT pg_catalog.setval(${pg.escapeLiteral(nameOf(schema, name))}, ${value}, ${isCalled})`);
  }
}

/** Fills what is made of the tables' rows. */
export async function refreshViews(
  schema: string,
  { materializedViews }: SchemaContents,
  target: QueryRunner,
): Promise<void> {
  for (const view of materializedViews) await target.query(`REFRESH MATERIALIZED VIEW ${nameOf(schema, view)}`);
}
