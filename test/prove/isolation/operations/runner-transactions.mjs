import fc from 'fast-check';
import { ALL_NOTES } from '../readers.mjs';
import { rarely } from '../rarely.mjs';
import { ENTRANCES } from '../stage.mjs';
import { lost, refused, Violation } from '../violation.mjs';
import { withRunner } from '../with-runner.mjs';

const BEGINS = {
  startTransaction: (runner) => runner.startTransaction(),
  'startTransaction, isolated': (runner) => runner.startTransaction('REPEATABLE READ'),
  BEGIN: (runner) => runner.query('BEGIN'),
  'BEGIN, among several': (runner) => runner.query('SELECT 1; BEGIN'),
  'BEGIN, modes': (runner) => runner.query('/* ours */ begin isolation level repeatable read, read write;'),
};

const STEPS = {
  write: (transaction) => transaction.write(transaction.kept),
  'write with parameters': (transaction) => transaction.writeWithParameters(transaction.kept),
  read: (transaction) => transaction.read(),
  'write at once': (transaction) =>
    Promise.all([transaction.write(transaction.kept), transaction.writeWithParameters(transaction.kept)]),
  'savepoint, kept': async (transaction) => {
    await transaction.query('SAVEPOINT here');
    await transaction.write(transaction.kept);
    await transaction.query('RELEASE SAVEPOINT here');
  },
  'savepoint, taken back': async (transaction) => {
    await transaction.query('SAVEPOINT here');
    await transaction.write(transaction.gone);
    await transaction.query('ROLLBACK TO SAVEPOINT here');
  },
  'savepoint, failed and taken back': async (transaction) => {
    await transaction.query('SAVEPOINT here');
    await transaction.write(transaction.gone);
    await refused(['42P01'], () => transaction.query('SELECT * FROM nothing'));
    await refused(['25P02'], () => transaction.query(ALL_NOTES));
    await transaction.query('ROLLBACK TO here');
  },
  'a stream': async (transaction) => transaction.check(await (await transaction.runner.stream(ALL_NOTES)).toArray()),
  'a cursor of its own': async (transaction) => {
    await transaction.query(`DECLARE here CURSOR FOR ${ALL_NOTES}`);
    transaction.check(await transaction.query('FETCH ALL FROM here'));
    await transaction.query('CLOSE here');
  },
  'a procedure': async (transaction) => {
    const body = transaction.ledger.newBody(transaction.who);
    transaction.kept.push(body);
    await transaction.query('CALL shared.add_note($1, $2)', [transaction.who, body]);
  },
  'an empty text': (transaction) => transaction.query(''),
  'a comment, with parameters': (transaction) => transaction.query('/* nothing */', []),
  'BEGIN again': (transaction) => transaction.query('BEGIN'),
  'a local search_path, taken back': async (transaction) => {
    if (transaction.reportsPath) return;
    await transaction.query('SAVEPOINT here');
    await transaction.query('SET LOCAL search_path TO t_bystander');
    await transaction.query('ROLLBACK TO SAVEPOINT here');
  },
};

const FAILURES = {
  'a missing table': ['42P01', 'SELECT * FROM nothing'],
  'a missing table, with parameters': ['42P01', 'SELECT * FROM nothing WHERE $1', [true]],
  'wrong syntax': ['42601', 'SELEC 1'],
  'a parameter of the wrong type': ['22P02', 'SELECT $1::int', ['x']],
  'an error half way': ['22012', `SELECT 1; SELECT 1 / 0`],
};

async function fail(runner, how) {
  const [code, sql, parameters] = FAILURES[how];
  await refused([code], () => runner.query(sql, parameters));
}

/** How it ends; each answers whether what was written is there afterwards. */
const ENDINGS = {
  committed: async (runner) => {
    await runner.query('COMMIT');
    return true;
  },
  'rolled back': async (runner) => {
    await runner.query('ROLLBACK');
    return false;
  },
  'failed, then committed': async (runner, failure) => {
    await fail(runner, failure);
    await refused(['TRANSACTION_ABORTED'], () => runner.query('COMMIT'));
    return false;
  },
  'failed, then rolled back': async (runner, failure) => {
    await fail(runner, failure);
    await runner.query('ROLLBACK');
    return false;
  },
  'left open': async () => false,
  'failed, left open': async (runner, failure) => {
    await fail(runner, failure);
    return false;
  },
  'its connection killed': async (runner) => {
    await lost(() => runner.query('SELECT pg_terminate_backend(pg_backend_pid())'));
    return false;
  },
};

class RunnerTransaction {
  kept = [];
  gone = [];

  constructor(runner, { ledger, database: { reportsPath } }, who) {
    Object.assign(this, { runner, ledger, reportsPath, who });
  }

  query(sql, parameters) {
    return this.runner.query(sql, parameters);
  }

  async write(list) {
    const body = this.ledger.newBody(this.who);
    list.push(body);
    await this.query(`INSERT INTO notes (owner, body) VALUES ('${this.who}', '${body}')`);
  }

  async writeWithParameters(list) {
    const body = this.ledger.newBody(this.who);
    list.push(body);
    await this.query('INSERT INTO notes (owner, body) VALUES ($1, $2)', [this.who, body]);
  }

  async read() {
    this.check(await this.query(`${ALL_NOTES} WHERE id > $1`, [0]));
  }

  check(rows) {
    this.ledger.checkOwner(this.who, rows);
    const bodies = new Set(rows.map(({ body }) => body));
    if (this.kept.some((body) => !bodies.has(body))) throw new Violation(`${this.who} did not read its own write`);
    if (this.gone.some((body) => bodies.has(body))) throw new Violation(`${this.who} read what it had taken back`);
  }
}

const runnerTransaction = {
  name: 'transaction of a query runner',
  weight: 6,
  parameters: {
    by: fc.constantFrom(...ENTRANCES),
    begin: fc.constantFrom(...Object.keys(BEGINS)),
    steps: fc.array(fc.constantFrom(...Object.keys(STEPS)), { maxLength: 4 }),
    ending: rarely(['left open', 'failed, left open', 'its connection killed'], Object.keys(ENDINGS)),
    failure: fc.constantFrom(...Object.keys(FAILURES)),
    thenRead: fc.boolean(),
  },
  run: (stage, { begin, steps, ending, failure, thenRead, ...op }) =>
    stage.enter(op, (source) =>
      withRunner(source, async (runner) => {
        const { ledger } = stage;
        const transaction = new RunnerTransaction(runner, stage, op.who);
        await BEGINS[begin](runner);
        for (const step of steps) await STEPS[step](transaction);
        if (ending === 'committed') ledger.underWay(op.who, ...transaction.kept);
        if (await ENDINGS[ending](runner, failure)) ledger.there(op.who, ...transaction.kept);
        // The same connection again, now outside the transaction.
        if (thenRead && ENDED.has(ending)) {
          const start = ledger.clock;
          ledger.checkRead(op.who, await runner.query(ALL_NOTES), start, true);
        }
      }),
    ),
};

const ENDED = new Set(['committed', 'rolled back', 'failed, then committed', 'failed, then rolled back']);

const askedAtOnce = {
  name: 'transaction that is asked for at once',
  weight: 3,
  parameters: { by: fc.constantFrom(...ENTRANCES), ending: fc.constantFrom('COMMIT', 'ROLLBACK') },
  run: (stage, { ending, ...op }) =>
    stage.enter(op, (source) =>
      withRunner(source, async (runner) => {
        const { ledger } = stage;
        const body = ledger.newBody(op.who);
        await runner.connect();
        if (ending === 'COMMIT') ledger.underWay(op.who, body);
        const start = ledger.clock;
        const [, , rows, , after] = await Promise.all([
          runner.query('BEGIN'),
          runner.query('INSERT INTO notes (owner, body) VALUES ($1, $2)', [op.who, body]),
          runner.query(ALL_NOTES),
          runner.query(ending),
          runner.query(`${ALL_NOTES} WHERE id > $1`, [0]),
        ]);
        if (ending === 'COMMIT') ledger.there(op.who, body);
        ledger.checkOwner(op.who, rows);
        ledger.checkRead(op.who, after, start, false);
      }),
    ),
};

export const RUNNER_TRANSACTIONS = [runnerTransaction, askedAtOnce];
