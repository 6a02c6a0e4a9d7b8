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
  SELECT oid, relname AS name FROM pg_catalog.pg_class
   WHERE relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1) AND relkind IN ('r', 'p')
   ORDER BY relname COLLATE "C"`;

/**
 * Lets nobody write into a schema any more, whoever he is and wherever: the server itself refuses it. Who writes now is
 * waited for, up to `timeout` milliseconds; who reads goes on.
 *
 * Table by table, each in a transaction of its own: who holds one lock while he waits for the next one stands in the way of a
 * transaction that takes them the other way round. None is cut in two: what has written to a table is waited for there, and
 * what comes to a frozen one fails as a whole.
 */
export async function freeze(
  tenant: Tenant,
  mark: MoveMark,
  session: OwnerSession,
  timeout: number,
  signal?: AbortSignal,
): Promise<void> {
  const until = performance.now() + timeout;
  const { id, schema } = tenant;
  await briefly(session, (runner) => writeMark(schema, id, mark, runner));
  for (const { name } of await session.runner.manager.query<Array<{ name: string }>>(TABLES, [schema])) {
    while (!(await tryTo(session, (runner) => putTrigger(schema, nameOf(schema, name), runner)))) {
      signal?.throwIfAborted();
      if (performance.now() > until) throw stillWritten(tenant, name, timeout);
      // Who had to wait gets his turn.
      await delay(PAUSE * (0.5 + Math.random()));
    }
  }
}

/** Lets the tenant write again, at once. */
export async function unfreeze({ schema }: Tenant, session: OwnerSession): Promise<void> {
  await briefly(session, (runner) => clearMark(schema, runner));
  // The triggers refuse nothing any more. Where readers are in the way of removing them, the next move takes them over.
  for (let tries = 1; tries <= REMOVING; tries += 1) {
    if (await tryTo(session, (runner) => removeMark(schema, runner))) return;
    await delay(PAUSE);
  }
}

/** Throws where a table can be written though the schema is frozen: it was made since, or somebody has turned its triggers off. */
export async function assertFrozen({ id, schema }: Tenant, runner: QueryRunner): Promise<void> {
  const [open] = await runner.manager.query<Array<{ name: string }>>(
    `SELECT name FROM (${TABLES}) AS found
      WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_trigger WHERE tgname = $2 AND tgenabled = 'A' AND tgrelid = found.oid)`,
    [schema, MOVE],
  );
  if (!open) return;
  const how = 'it was made, or its triggers were turned off';
  throw new TenantMoveError(id, 'unchanged', `its table ${open.name} could be written while it was moved: ${how}.`);
}

async function putTrigger(schema: string, table: string, runner: QueryRunner): Promise<void> {
  await runner.query(
    `CREATE OR REPLACE TRIGGER ${MOVE} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION ${nameOf(schema, MOVE)}()`,
  );
  // Else whoever sets session_replication_role would still write.
  await runner.query(`ALTER TABLE ONLY ${table} ENABLE ALWAYS TRIGGER ${MOVE}`);
}

function stillWritten({ id }: Tenant, table: string, timeout: number): TenantMoveError {
  return new TenantMoveError(
    id,
    'unchanged',
    `its table ${table} could not be locked for ${timeout} ms, because a transaction that has written to it is still open. Move ` +
      'it at a quieter time, or with a longer freezeTimeout.',
  );
}

/** Tells whether it got its locks in time. */
async function tryTo(session: OwnerSession, work: (runner: QueryRunner) => Promise<void>): Promise<boolean> {
  try {
    await briefly(session, work);
    return true;
  } catch (error) {
    if (isNotFree(error)) return false;
    throw error;
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
