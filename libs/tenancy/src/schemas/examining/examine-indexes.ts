import pg from 'pg';
import type { Examination } from './examination.js';
import { findingOn } from './examination.js';
import type { TenancyFinding } from './tenancy-finding.js';

interface InvalidIndex {
  readonly schema: string;
  readonly name: string;
  readonly table: string;
}

// One that is being built is not valid yet. A partitioned one is invalid until each of its parts has one.
const INVALID = `
  SELECT nspname AS schema, class.relname AS name, indrelid::pg_catalog.regclass::text AS table
    FROM pg_catalog.pg_index JOIN pg_catalog.pg_class AS class ON class.oid = indexrelid
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relnamespace
   WHERE NOT indisvalid AND relkind = 'i' AND nspname = ANY ($1)
     AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index WHERE index_relid = indexrelid)
   ORDER BY 1, 2`;
/** What REINDEX CONCURRENTLY leaves where it is interrupted. */
const LEFT = /_ccnew\d*$|_ccold\d*$/;

/** Indexes that no statement uses, because what built them was interrupted. */
export async function examineIndexes({ server, after }: Examination): Promise<TenancyFinding[]> {
  const finding = findingOn(server.name);
  const found = await server.system.query<InvalidIndex[]>(INVALID, [after.map(({ name }) => name)]);
  return found.map(({ schema, name, table }) => {
    const index = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(name)}`;
    const isLeft = LEFT.test(name);
    const message =
      `The index ${schema}.${name} of ${table} is not valid: what built it was interrupted. It is kept up to date and used by no ` +
      'statement; a unique one that is built anew fails where there are duplicates.';
    const mend = [isLeft ? `DROP INDEX CONCURRENTLY ${index}` : `REINDEX INDEX CONCURRENTLY ${index}`];
    return finding('warning', 'INDEX_INVALID', `${schema}.${name}`, message, mend);
  });
}
