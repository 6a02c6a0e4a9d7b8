import fc from 'fast-check';
import Cursor from 'pg-cursor';
import { ALL_NOTES } from '../readers.mjs';
import { ENTRANCES, SCOPES } from '../stage.mjs';
import { lost } from '../violation.mjs';
import { withRunner } from '../with-runner.mjs';

const KILL = 'SELECT pg_terminate_backend(pg_backend_pid())';

/** The moments at which a connection may be lost. */
const MOMENTS = {
  'by its own statement': (stage, runner) => lost(() => runner.query(KILL)),
  'by its own statement, with parameters': (stage, runner) => lost(() => runner.query(`${KILL} WHERE $1`, [true])),
  'while it is held': async (stage, runner) => {
    const [{ pid }] = await runner.query('SELECT pg_backend_pid() AS pid');
    await stage.database.kill(pid);
    await lost(() => runner.query(ALL_NOTES));
  },
  'in a transaction': async (stage, runner, who) => {
    await runner.startTransaction();
    await runner.query('INSERT INTO notes (owner, body) VALUES ($1, $2)', [who, stage.ledger.newBody(who)]);
    await lost(() => runner.query(KILL));
    await lost(() => runner.commitTransaction());
  },
};

const loseConnection = {
  name: 'lose the connection',
  weight: 0.5,
  parameters: { by: fc.constantFrom(...ENTRANCES), when: fc.constantFrom(...Object.keys(MOMENTS)) },
  run: (stage, { when, ...op }) =>
    stage.enter(op, (source) => withRunner(source, (runner) => MOMENTS[when](stage, runner, op.who))),
};

/** Where nobody but the library listens to the client. */
const losePooled = {
  name: 'lose the connection of the pool',
  weight: 0.2,
  parameters: { by: fc.constantFrom(...SCOPES) },
  run: (stage, op) =>
    stage.enter(op, async (source) => {
      const client = await new Promise((resolve, reject) => {
        source.driver.master.connect((error, connected) => (error ? reject(error) : resolve(connected)));
      });
      // What is emitted comes a little later than the answer.
      const ended = new Promise((resolve) => client.once('end', resolve));
      await lost(() => client.query(KILL));
      await ended;
      client.release();
    }),
};

const loseCursor = {
  name: 'lose the connection while a cursor is read',
  weight: 0.1,
  parameters: { by: fc.constantFrom(...SCOPES) },
  run: (stage, op) =>
    stage.enter(op, (source) =>
      withRunner(source, async (runner) => {
        const client = await runner.connect();
        const cursor = client.query(
          new Cursor(`SELECT CASE WHEN n > 2 THEN (${KILL}) END FROM generate_series(1, 9) n`),
        );
        await cursor.read(2);
        await lost(() => cursor.read(7));
      }),
    ),
};

export const LOST_CONNECTIONS = [loseConnection, losePooled, loseCursor];
