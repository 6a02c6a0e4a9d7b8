import fc from 'fast-check';
import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { rarely } from '../rarely.mjs';
import { ALL_NOTES } from '../readers.mjs';
import { SCOPES } from '../stage.mjs';
import { check, lost } from '../violation.mjs';
import { withRunner } from '../with-runner.mjs';

const SLEEP = 'SELECT pg_sleep(0.001)';
const INSERT = 'INSERT INTO notes (owner, body) VALUES ($1, $2)';

/**
 * What is on its way, or waits, when a connection is given back. Each answers what it has asked for, and the check of what
 * comes; `bodies` are stored with it.
 */
const ON_ITS_WAY = {
  'a read': (client) => ({
    asked: [client.query(`${ALL_NOTES}, pg_sleep(0.001)`)],
    check: (read, [{ rows }]) => read(rows),
  }),
  'a read that waits for another': (client) => ({
    asked: [client.query(SLEEP), client.query(`${ALL_NOTES} WHERE id > $1`, [0])],
    check: (read, [, { rows }]) => read(rows),
  }),
  'a write': (client, who, newBody) => {
    const body = newBody();
    const text = `SELECT pg_sleep(0.001); INSERT INTO notes (owner, body) VALUES ('${who}', '${body}')`;
    return { bodies: [body], asked: [client.query(text)] };
  },
  'a write that waits for another': (client, who, newBody) => {
    const [one, two] = [newBody(), newBody()];
    return {
      bodies: [one, two],
      asked: [client.query(INSERT, [who, one]), client.query(SLEEP), client.query(INSERT, [who, two])],
    };
  },
  'a transaction that ends': (client, who, newBody) => {
    const body = newBody();
    return {
      bodies: [body],
      asked: [client.query('BEGIN'), client.query(INSERT, [who, body]), client.query('COMMIT')],
    };
  },
  'a transaction that does not end': (client, who, newBody) => ({
    asked: [client.query('BEGIN'), client.query(SLEEP), client.query(INSERT, [who, newBody()])],
  }),
  'a BEGIN behind a read': (client) => ({ asked: [client.query(SLEEP), client.query('BEGIN')] }),
  'a setting': (client) => ({ asked: [client.query("SET statement_timeout = '10s'")] }),
};

const DEAR = ['a transaction that does not end', 'a BEGIN behind a read'];

const giveBackEarly = {
  name: 'give the connection back early',
  weight: 4,
  parameters: { by: fc.constantFrom(...SCOPES), what: rarely(DEAR, Object.keys(ON_ITS_WAY)) },
  run: (stage, { what, ...op }) =>
    stage.enter(op, async (source) => {
      const { ledger } = stage;
      const { who } = op;
      const start = ledger.clock;
      const runner = source.createQueryRunner();
      const client = await runner.connect();
      const { asked, bodies = [], check } = ON_ITS_WAY[what](client, who, () => ledger.newBody(who));
      ledger.underWay(who, ...bodies);
      const answers = Promise.allSettled(asked);
      await runner.release();
      await settle(ledger, who, bodies, await answers, (values) =>
        check?.((rows) => ledger.checkRead(who, rows, start, false), values),
      );
    }),
};

/** All of it was answered, unless the library lost patience with it, on a machine that stands still, and closed it. */
async function settle(ledger, who, bodies, answers, done) {
  const failed = answers.find(({ status }) => status === 'rejected');
  if (failed) {
    await lost(() => Promise.reject(failed.reason));
    ledger.unsure(who, ...bodies);
    return;
  }
  done(answers.map(({ value }) => value));
  ledger.there(who, ...bodies);
}

/** What its user has stopped to wait for. */
const GIVEN_UP = {
  'a stream that was half read': async (stage, who, client) => {
    const start = stage.ledger.clock;
    const stream = client.query(new QueryStream(`${ALL_NOTES} ORDER BY id`, [], { batchSize: 1 }));
    for await (const row of stream) {
      stage.ledger.checkRead(who, [row], start, false);
      break;
    }
  },
  'a read that pg was told to give up': (stage, who, client) =>
    // Whether it is given up or answered first is a matter of luck.
    client.query({ text: 'SELECT pg_sleep(0.002)', query_timeout: 1 }).catch((error) => {
      check(error.message === 'Query read timeout', () => `failed with ${error.message}`);
    }),
};

const giveUp = {
  name: 'give the connection back, having given up',
  weight: 1,
  parameters: { by: fc.constantFrom(...SCOPES), what: fc.constantFrom(...Object.keys(GIVEN_UP)) },
  run: (stage, { what, ...op }) =>
    stage.enter(op, (source) =>
      withRunner(source, async (runner) => GIVEN_UP[what](stage, op.who, await runner.connect())),
    ),
};

const giveBackInCallback = {
  name: 'give the connection back in a callback',
  weight: 1,
  parameters: { by: fc.constantFrom(...SCOPES), thenBegin: fc.boolean() },
  run: (stage, { thenBegin, ...op }) =>
    stage.enter(op, async (source) => {
      const runner = source.createQueryRunner();
      const client = await runner.connect();
      const start = stage.ledger.clock;
      const rows = await new Promise((resolve, reject) => {
        client.query(ALL_NOTES, (error, result) => {
          if (thenBegin) client.query('BEGIN', () => undefined);
          runner.release().then(() => (error ? reject(error) : resolve(result.rows)), reject);
        });
      });
      stage.ledger.checkRead(op.who, rows, start, true);
    }),
};

/** Its server still has the cursor; the library waits for a while, and closes the connection. That wait makes it dear. */
const abandonCursor = {
  name: 'give the connection back with a cursor half read',
  weight: 0.01,
  parameters: { by: fc.constantFrom(...SCOPES) },
  run: (stage, op) =>
    stage.enter(op, (source) =>
      withRunner(source, async (runner) => {
        const start = stage.ledger.clock;
        const client = await runner.connect();
        const cursor = client.query(new Cursor(`${ALL_NOTES} ORDER BY id`));
        stage.ledger.checkRead(op.who, await cursor.read(1), start, false);
      }),
    ),
};

export const GIVEN_BACK = [giveBackEarly, giveUp, giveBackInCallback, abandonCursor];
