import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { nameOf } from '../contents/row-sql.js';

/** What a move puts into a schema: a function by this name, whose comment says what is going on, and triggers. */
export const MOVE = 'tenancy_move';

/** What a schema says of a move of its tenant. It is dropped with the schema. */
export interface MoveMark {
  /** `source`: nobody may write into it. `target`: all rows are there, and the registry may not know it yet. */
  readonly role: 'source' | 'target';
  /** Tells one try from the next: a target is of the source of the same token only. */
  readonly token: string;
  readonly from: string;
  readonly to: string;
  readonly since: string;
}

/** The SQLSTATE of what is refused while a tenant is moved. Class TN is nobody else's. */
export const READ_ONLY = 'TN503';

const MARK = `
  SELECT pg_catalog.obj_description(pg_proc.oid, 'pg_proc') AS mark
    FROM pg_catalog.pg_proc JOIN pg_catalog.pg_namespace ON pg_namespace.oid = pronamespace
   WHERE nspname = $1 AND proname = $2`;

/** What a schema says of a move; `undefined` where it says nothing. */
export async function readMark(schema: string, runner: QueryRunner): Promise<MoveMark | undefined> {
  const [found] = await runner.manager.query<Array<{ mark: string | null }>>(MARK, [schema, MOVE]);
  return found?.mark ? (JSON.parse(found.mark) as MoveMark) : undefined;
}

/** Marks a schema. The triggers that call the function, where there are any, refuse whatever is to be written. */
export async function writeMark(schema: string, tenantId: string, mark: MoveMark, runner: QueryRunner): Promise<void> {
  const message = `Tenant ${JSON.stringify(tenantId)} is being moved to another database server: nothing can be written here.`;
  const format = pg.escapeLiteral(message.replaceAll('%', '%%'));
  await define(schema, `RAISE EXCEPTION ${format} USING ERRCODE = '${READ_ONLY}'`, runner);
  await runner.query(`COMMENT ON FUNCTION ${functionOf(schema)} IS ${pg.escapeLiteral(JSON.stringify(mark))}`);
}

/**
 * Takes the mark back, at once: the triggers stay, and refuse nothing any more. To remove them takes locks that readers are
 * waited for.
 */
export async function clearMark(schema: string, runner: QueryRunner): Promise<void> {
  await define(schema, 'RETURN NULL', runner);
  await runner.query(`COMMENT ON FUNCTION ${functionOf(schema)} IS NULL`);
}

/** Removes the mark, and the triggers with it. */
export async function removeMark(schema: string, runner: QueryRunner): Promise<void> {
  await runner.query(`DROP FUNCTION IF EXISTS ${functionOf(schema)} CASCADE`);
}

async function define(schema: string, statement: string, runner: QueryRunner): Promise<void> {
  const body = pg.escapeLiteral(`BEGIN ${statement}; END`);
  await runner.query(
    `CREATE OR REPLACE FUNCTION ${functionOf(schema)} RETURNS pg_catalog.trigger LANGUAGE plpgsql AS ${body}`,
  );
}

const functionOf = (schema: string): string => `${nameOf(schema, MOVE)}()`;
