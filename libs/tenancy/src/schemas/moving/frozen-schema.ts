import { setTimeout as delay } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { QueryFailedError } from 'typeorm';
import { TenantMoveError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { OwnerSession } from '../contents/owner-session.js';
import { nameOf, NO_LIMITS } from '../contents/row-sql.js';
import type { MoveMark } from './move-mark.js';
import { clearMark, MOVE, removeMark, writeMark } from './move-mark.js';

/**
 * So long one try to get the locks lasts, in milliseconds: whoever wants to write meanwhile waits for it. Shorter than
 * PostgreSQL's `deadlock_timeout` of a second, so that it is this one that gives way, and no writer of the tenant's.
 */
const TRY = 500;
const PAUSE = 200;
const REMOVING = 5;
const NOT_FREE = ['55P03', '40P01'];

const TABLES = `
  SELECT relname AS name FROM pg_catalog.pg_class
   WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND relkind IN ('r', 'p')
   ORDER BY relname COLLATE "C"`;

/**
 * Lets nobody write into a schema any more, whoever he is and wherever: the server itself refuses it. Who writes now is
 * waited for, up to `timeout` milliseconds; who reads goes on.
 */
export async function freeze(
  tenant: Tenant,
  mark: MoveMark,
  session: OwnerSession,
  timeout: number,
  signal?: AbortSignal,
): Promise<void> {
  const until = performance.now() + timeout;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await briefly(session, (runner) => putTriggers(tenant, mark, runner));
    } catch (error) {
      if (!isNotFree(error)) throw error;
      if (performance.now() > until) {
        throw new TenantMoveError(
          tenant.id,
          'unchanged',
          `its tables could not be locked for ${timeout} ms, because a transaction that has written is still open. Move it at ` +
            'a quieter time, or with a longer freezeTimeout.',
          { cause: error },
        );
      }
    }
    // Who had to wait gets his turn.
    await delay(PAUSE * (0.5 + Math.random()));
  }
}

/** Lets the tenant write again, at once. */
export async function unfreeze({ schema }: Tenant, session: OwnerSession): Promise<void> {
  await briefly(session, (runner) => clearMark(schema, runner));
  // The triggers refuse nothing any more. Where readers are in the way of removing them, the next move takes them over.
  for (let tries = 1; tries <= REMOVING; tries += 1) {
    try {
      return await briefly(session, (runner) => removeMark(schema, runner));
    } catch (error) {
      if (!isNotFree(error)) throw error;
    }
    await delay(PAUSE);
  }
}

/** Tables that anybody may write into, though the schema is marked as frozen: those that were made since. */
export async function tablesNotFrozen(schema: string, runner: QueryRunner): Promise<string[]> {
  const rows = await runner.manager.query<Array<{ name: string }>>(
    `SELECT name FROM (${TABLES}) AS found
      WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger
         WHERE tgname = $2 AND tgenabled = 'A'
           AND tgrelid = pg_catalog.format('%I.%I', $1::text, name)::pg_catalog.regclass)`,
    [schema, MOVE],
  );
  return rows.map(({ name }) => name);
}

async function putTriggers({ id, schema }: Tenant, mark: MoveMark, runner: QueryRunner): Promise<void> {
  const tables = await runner.manager.query<Array<{ name: string }>>(TABLES, [schema]);
  const names = tables.map(({ name }) => nameOf(schema, name));
  // All of them at once, and first: a trigger that is there already would hold a writer up while the others are waited for.
  if (names.length > 0) await runner.query(`LOCK TABLE ONLY ${names.join(', ONLY ')} IN SHARE ROW EXCLUSIVE MODE`);
  await writeMark(schema, id, mark, runner);
  for (const name of names) {
    await runner.query(
      `CREATE OR REPLACE TRIGGER ${MOVE} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${name}
        FOR EACH STATEMENT EXECUTE FUNCTION ${nameOf(schema, MOVE)}()`,
    );
    // Else whoever sets session_replication_role would still write.
    await runner.query(`ALTER TABLE ONLY ${name} ENABLE ALWAYS TRIGGER ${MOVE}`);
  }
}

async function briefly(session: OwnerSession, work: (runner: QueryRunner) => Promise<void>): Promise<void> {
  await session.transaction({ settings: [`SET LOCAL lock_timeout TO ${TRY}`, ...NO_LIMITS] }, async (runner) => {
    await work(runner);
    return { value: undefined, isKept: true };
  });
}

function isNotFree(error: unknown): boolean {
  return error instanceof QueryFailedError && NOT_FREE.includes((error.driverError as { code?: string }).code ?? '');
}
