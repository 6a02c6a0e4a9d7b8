import fc from 'fast-check';
import { ALL_NOTES } from '../readers.mjs';
import { OWNERS } from '../owners.mjs';
import { rarely } from '../rarely.mjs';
import { ENTRANCES } from '../stage.mjs';
import { lost, refused } from '../violation.mjs';
import { withRunner } from '../with-runner.mjs';

const TEMPORARY = "AS SELECT 'intruder'::text AS owner, 'shadow'::text AS body, 1 AS id";
const pathOf = (other) => OWNERS[other].schema;

/**
 * What a statement may leave in a session, one per kind of state. `blinds` says that whoever left it cannot be expected to
 * read his own notes any more; `path` that a server which tells of it makes the library refuse it, `escapes` that the library
 * refuses it to a tenant that has a role.
 */
const STATES = {
  'a search_path': { path: true, sql: ({ other }) => `SET search_path TO ${pathOf(other)}` },
  'a search_path, by a function': {
    path: true,
    escapes: true,
    sql: ({ other }) => `SELECT set_config('search_path', '${pathOf(other)}', false)`,
  },
  'a search_path, by another name': { path: true, sql: ({ other }) => `SET SCHEMA '${pathOf(other)}'` },
  'a search_path, among several': { path: true, sql: ({ other }) => `SELECT 1; SET search_path = ${pathOf(other)}` },
  'a search_path, hidden in a block': {
    path: true,
    escapes: true,
    sql: ({ other }) => `DO $$ BEGIN EXECUTE 'SET search_path TO ' || '${pathOf(other)}'; END $$`,
  },
  'a search_path, by an update': {
    path: true,
    escapes: true,
    sql: ({ other }) => `UPDATE pg_settings SET setting = '${pathOf(other)}' WHERE name = 'search_path'`,
  },
  'a local search_path': { localPath: true, sql: ({ other }) => `SET LOCAL search_path TO ${pathOf(other)}` },
  'a role': { escapes: true, sql: ({ role }) => `SET ROLE ${role}`, blinds: true },
  'a role, by a function': {
    escapes: true,
    sql: ({ role }) => `SELECT set_config('role', '${role}', false)`,
    blinds: true,
  },
  'a statement_timeout': { sql: () => "SET statement_timeout = '10s'" },
  'a read-only session': { sql: () => 'SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY' },
  'a setting of its own': { escapes: true, sql: ({ who }) => `SELECT set_config('app.user', '${who}', false)` },
  'a temporary table that hides notes': { sql: () => `CREATE TEMP TABLE notes ${TEMPORARY}` },
  'a temporary table': { sql: () => `CREATE TEMPORARY TABLE leftover ${TEMPORARY}` },
  'a temporary table, by SELECT': { sql: () => 'SELECT owner, body INTO TEMP leftover FROM notes' },
  'an advisory lock': { sql: ({ number }) => `SELECT pg_try_advisory_lock(${number})` },
  'a subscription': { sql: () => 'LISTEN leftover' },
  'a prepared statement': { sql: () => `PREPARE leftover AS ${ALL_NOTES}` },
  'a prepared statement, among several': { sql: () => `SELECT 1; PREPARE leftover AS ${ALL_NOTES}` },
  'no prepared statement at all': { sql: () => 'DEALLOCATE ALL' },
  'a cursor that outlives its transaction': { sql: () => `DECLARE leftover CURSOR WITH HOLD FOR ${ALL_NOTES}` },
};

const kill = (runner) => runner.query('SELECT pg_terminate_backend(pg_backend_pid())');

/** The ways in which a connection is given back with it. */
const WAYS = {
  released: async (runner, leave) => {
    await leave();
  },
  'released, the statement still running': async (runner, leave) => {
    await leave();
    await underWay(runner.query('SELECT pg_sleep(0.001)'));
  },
  'in a transaction, committed': async (runner, leave) => {
    await runner.startTransaction();
    await leave();
    await runner.commitTransaction();
  },
  'in a transaction, rolled back': async (runner, leave) => {
    await runner.startTransaction();
    await leave();
    await runner.rollbackTransaction();
  },
  'in a transaction, rolled back to a savepoint, committed': async (runner, leave, read) => {
    await runner.startTransaction();
    await runner.query('SAVEPOINT here');
    await leave();
    // What was set is taken back with it, and its tenant is not.
    await runner.query('ROLLBACK TO here');
    await read();
    await runner.commitTransaction();
  },
  'in a transaction, left open': async (runner, leave) => {
    await runner.startTransaction();
    await leave();
  },
  'in a transaction, failed': async (runner, leave) => {
    await runner.startTransaction();
    await leave();
    await refused(['42P01'], () => runner.query('SELECT * FROM nothing'));
  },
  'its connection killed': async (runner, leave) => {
    await leave();
    await lost(() => kill(runner));
  },
  'its connection killed while it is given back': async (runner, leave) => {
    await leave();
    await underWay(runner.query('SELECT pg_sleep(0.001), pg_terminate_backend(pg_backend_pid())'));
  },
};

const DEAR_WAYS = [
  'in a transaction, left open',
  'in a transaction, failed',
  'its connection killed',
  'its connection killed while it is given back',
];

const leave = {
  name: 'leave something in the session',
  weight: 6,
  parameters: {
    by: fc.constantFrom(...ENTRANCES),
    what: fc.constantFrom(...Object.keys(STATES)),
    way: rarely(DEAR_WAYS, Object.keys(WAYS)),
  },
  run: (stage, { what, way, ...op }) =>
    stage.enter(op, (source) =>
      withRunner(source, async (runner) => {
        const state = STATES[what];
        const sql = state.sql({ ...op, role: stage.database.borrowedRole, number: stage.next() });
        const refusal = refusalOf(state, way, stage, op.who);
        if (refusal) {
          if (inTransaction(way)) await runner.startTransaction();
          return refused([refusal], () => runner.query(sql));
        }
        const read = async () => {
          const start = stage.ledger.clock;
          stage.ledger.checkRead(op.who, await runner.query(ALL_NOTES), start, true);
          stage.ledger.checkRead(op.who, await runner.query(`${ALL_NOTES} WHERE id > $1`, [0]), start, true);
        };
        const leave = async () => {
          await runner.query(sql);
          // Whatever it says of its session: its next statement is its tenant's, unless a transaction is open.
          if (!state.blinds && !runner.isTransactionActive) await read();
        };
        await WAYS[way](runner, leave, read);
      }),
    ),
};

const inTransaction = (way) => way.startsWith('in a transaction');

function refusalOf({ path, localPath, escapes }, way, stage, who) {
  // What might leave the role of a tenant is not sent.
  if (escapes && stage.hasRole(who)) return 'STATEMENT_UNSUPPORTED';
  if (!stage.database.reportsPath) return undefined;
  return path || (localPath && inTransaction(way)) ? 'ISOLATION_VIOLATION' : undefined;
}

/** Looks for what others may have left, by the names it has above. */
const PICK_UPS = {
  'a temporary table': { sql: 'SELECT * FROM leftover', code: '42P01' },
  'a temporary table, by its schema': { sql: 'SELECT * FROM pg_temp.notes', code: '42P01' },
  'a prepared statement': { sql: 'EXECUTE leftover', code: '26000', escapes: true },
  'a cursor': { sql: 'FETCH ALL FROM leftover', code: '34000' },
};

const pickUp = {
  name: 'pick up what others left',
  weight: 4,
  parameters: { by: fc.constantFrom(...ENTRANCES), what: fc.constantFrom(...Object.keys(PICK_UPS)) },
  run: (stage, { what, ...op }) => {
    const { sql, code, escapes } = PICK_UPS[what];
    const refusal = escapes && stage.hasRole(op.who) ? 'STATEMENT_UNSUPPORTED' : code;
    return refused([refusal], () => stage.enter(op, (source) => source.query(sql)));
  },
};

/** Until it was sent, which TypeORM does a few steps later, and not until it was answered. */
async function underWay(promise) {
  promise.catch(() => undefined);
  await new Promise(setImmediate);
}

export const SESSION_STATE = [leave, pickUp];
