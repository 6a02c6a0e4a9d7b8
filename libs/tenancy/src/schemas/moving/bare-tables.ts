import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import type { SchemaContents } from '../contents/schema-contents.js';
import { nameOf } from '../contents/row-sql.js';

interface ForeignKey {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
  readonly comment: string | null;
}

interface Trigger {
  readonly table: string;
  readonly name: string;
  readonly enabled: 'O' | 'A' | 'R';
}

// Those of partitions come and go with the ones of what they are partitions of.
const FOREIGN_KEYS = `
  SELECT relname AS table, conname AS name, pg_catalog.pg_get_constraintdef(con.oid) AS definition,
         pg_catalog.obj_description(con.oid, 'pg_constraint') AS comment
    FROM pg_catalog.pg_constraint AS con JOIN pg_catalog.pg_class AS class ON class.oid = conrelid
   WHERE connamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND contype = 'f' AND conparentid = 0
   ORDER BY con.oid`;

const TRIGGERS = `
  SELECT relname AS table, tgname AS name, tgenabled::text AS enabled
    FROM pg_catalog.pg_trigger JOIN pg_catalog.pg_class AS class ON class.oid = tgrelid
   WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND NOT tgisinternal
     AND relkind IN ('r', 'p') AND tgenabled <> 'D'`;

const ENABLE = { O: 'ENABLE', A: 'ENABLE ALWAYS', R: 'ENABLE REPLICA' } as const;

/**
 * Empties the tables of a schema and takes off what would look at each row: its foreign keys, so that tables may be filled in
 * any order, and its triggers, which have done on the other server what they do. `dress()` puts all of it back.
 */
export async function undress(
  schema: string,
  { tables }: SchemaContents,
  runner: QueryRunner,
): Promise<{ dress(): Promise<void> }> {
  const keys = await runner.manager.query<ForeignKey[]>(FOREIGN_KEYS, [schema]);
  const triggers = await runner.manager.query<Trigger[]>(TRIGGERS, [schema]);
  for (const { table, name } of keys) await alter(table, `DROP CONSTRAINT ${pg.escapeIdentifier(name)}`);
  for (const { table, name } of triggers) await alter(table, `DISABLE TRIGGER ${pg.escapeIdentifier(name)}`, 'ONLY ');
  // What migrations have inserted is among the rows that come.
  const names = tables.map(({ name }) => nameOf(schema, name));
  if (names.length > 0) await runner.query(`TRUNCATE ONLY ${names.join(', ONLY ')}`);
  return {
    dress: async () => {
      // Checks that wait for the end of the transaction are made now: a table that has some left cannot be altered.
      await runner.query('SET CONSTRAINTS ALL IMMEDIATE');
      for (const { table, name, enabled } of triggers) {
        await alter(table, `${ENABLE[enabled]} TRIGGER ${pg.escapeIdentifier(name)}`, 'ONLY ');
      }
      for (const { table, name, definition, comment } of keys) {
        await alter(table, `ADD CONSTRAINT ${pg.escapeIdentifier(name)} ${definition}`);
        if (comment === null) continue;
        const key = `${pg.escapeIdentifier(name)} ON ${nameOf(schema, table)}`;
        await runner.query(`COMMENT ON CONSTRAINT ${key} IS ${pg.escapeLiteral(comment)}`);
      }
    },
  };

  async function alter(table: string, what: string, only = ''): Promise<void> {
    await runner.query(`ALTER TABLE ${only}${nameOf(schema, table)} ${what}`);
  }
}
