import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import type { TableContents } from '../contents/schema-contents.js';
import { nameOf } from '../contents/row-sql.js';

/** What the rows of a table amount to, in whatever order they are. */
export interface RowsSum {
  readonly rows: string;
  /** The sum of a hash of each row, so that a row that is there twice counts twice. */
  readonly checksum: string;
}

/** Counts the rows of a table and sums them up, on the server. Both sides have to be under `TEXT_SETTINGS`. */
export async function sumOfRows(schema: string, table: TableContents, runner: QueryRunner): Promise<RowsSum> {
  const columns = table.columns.map(({ name }) => pg.escapeIdentifier(name)).join(', ');
  const [sum] = await runner.manager.query<RowsSum[]>(
    `SELECT pg_catalog.count(*)::text AS rows,
            COALESCE(pg_catalog.sum(
              pg_catalog.hashtextextended(ROW(${columns})::text COLLATE "C", 0)::numeric), 0)::text AS checksum
       FROM ONLY ${nameOf(schema, table.name)}`,
  );
  return sum;
}

/** The tables whose rows are not the same on both sides, and what they amount to on each. */
export async function differingTables(
  schema: string,
  tables: readonly TableContents[],
  source: QueryRunner,
  target: QueryRunner,
): Promise<string[]> {
  const differing: string[] = [];
  for (const table of tables) {
    const [is, should] = await Promise.all([sumOfRows(schema, table, target), sumOfRows(schema, table, source)]);
    if (is.rows === should.rows && is.checksum === should.checksum) continue;
    differing.push(
      `${table.name} (${should.rows} rows, checksum ${should.checksum}, on the source; ${is.rows}, ${is.checksum} on the target)`,
    );
  }
  return differing;
}
