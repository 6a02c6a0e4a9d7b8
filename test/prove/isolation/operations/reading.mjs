import fc from 'fast-check';
import { Note } from '../entities.mjs';
import { ALL_NOTES, CLIENT_READERS, readByPool, READERS } from '../readers.mjs';
import { ENTRANCES, SCOPES } from '../stage.mjs';
import { check, refused } from '../violation.mjs';
import { withRunner } from '../with-runner.mjs';

const read = {
  name: 'read',
  weight: 18,
  parameters: { by: fc.constantFrom(...ENTRANCES), how: fc.constantFrom(...Object.keys(READERS)) },
  async run(stage, { how, ...op }) {
    const { all = false, stale = false, read } = READERS[how];
    const start = stage.ledger.clock;
    const rows = await stage.enter(op, (source) => read(source));
    if (stale) stage.ledger.checkOwner(op.who, rows);
    else stage.ledger.checkRead(op.who, rows, start, all);
  },
};

const readByClient = {
  name: 'read by pg’s client',
  weight: 4,
  parameters: { by: fc.constantFrom(...SCOPES), how: fc.constantFrom(...Object.keys(CLIENT_READERS)) },
  async run(stage, { how, ...op }) {
    const start = stage.ledger.clock;
    const callers = new Set();
    const seen = () => callers.add(stage.current);
    const rows = await stage.enter(op, (source) =>
      withRunner(source, async (runner) => CLIENT_READERS[how](await runner.connect(), seen)),
    );
    checkCallers(op.who, callers);
    stage.ledger.checkRead(op.who, rows, start, true);
  },
};

const readPooled = {
  name: 'read by the pool',
  weight: 2,
  parameters: { by: fc.constantFrom(...SCOPES), values: fc.constantFrom([], [0]) },
  async run(stage, { values, ...op }) {
    const start = stage.ledger.clock;
    const callers = new Set();
    const seen = () => callers.add(stage.current);
    const text = values.length > 0 ? `${ALL_NOTES} WHERE id > $1` : ALL_NOTES;
    const rows = await stage.enter(op, (source) => readByPool(source.driver.master, text, values, seen));
    checkCallers(op.who, callers);
    stage.ledger.checkRead(op.who, rows, start, true);
  },
};

function checkCallers(who, callers) {
  for (const caller of callers) check(caller === who, () => `${who} was called back as ${caller}`);
}

/** What fails, each in another phase of a statement, or does nothing; then the same connection reads. */
const BEFORE = {
  'a missing table': [['42P01'], 'SELECT * FROM nothing'],
  'a missing table, with parameters': [['42P01'], 'SELECT * FROM nothing WHERE $1', [true]],
  'wrong syntax': [['42601'], 'SELEC 1'],
  'wrong syntax among several': [['42601'], `${ALL_NOTES}; SELEC 1`],
  'a parameter of the wrong type': [['22P02'], 'SELECT $1::int', ['x']],
  'an error half way': [['22012'], 'SELECT 1 / (2 - id) FROM notes WHERE id < 3'],
  'a null that must not be': [['23502'], 'INSERT INTO notes (owner) VALUES ($1)', ['nobody']],
  'an empty text': [[], ''],
  'an empty text, with parameters': [[], '', []],
  'a comment': [[], '-- nothing'],
  'the end of no transaction': [[], 'COMMIT'],
};

const readAfter = {
  name: 'read after',
  weight: 3,
  parameters: { by: fc.constantFrom(...ENTRANCES), what: fc.constantFrom(...Object.keys(BEFORE)) },
  run: (stage, { what, ...op }) =>
    stage.enter(op, (source) =>
      withRunner(source, async (runner) => {
        const [codes, sql, parameters] = BEFORE[what];
        const before = () => runner.query(sql, parameters);
        await (codes.length > 0 ? refused(codes, before) : before());
        const start = stage.ledger.clock;
        stage.ledger.checkRead(op.who, await runner.query(ALL_NOTES), start, true);
        stage.ledger.checkRead(op.who, await runner.query(`${ALL_NOTES} WHERE id > $1`, [0]), start, true);
      }),
    ),
};

const readAtOnce = {
  name: 'read several times at once',
  weight: 2,
  parameters: { by: fc.constantFrom(...ENTRANCES) },
  async run(stage, op) {
    const start = stage.ledger.clock;
    const answers = await stage.enter(op, (source) =>
      Promise.all([
        READERS['raw query'].read(source),
        READERS['query builder'].read(source),
        READERS['raw query with parameters'].read(source),
      ]),
    );
    for (const rows of answers) stage.ledger.checkRead(op.who, rows, start, true);
  },
};

const readRelation = {
  name: 'read a relation',
  weight: 2,
  parameters: { by: fc.constantFrom(...ENTRANCES), lazily: fc.boolean() },
  async run(stage, { lazily, ...op }) {
    const relations = lazily ? {} : { replies: true };
    const note = await stage.enter(op, (source) =>
      source.getRepository(Note).findOneOrFail({ where: { id: 1 }, relations }),
    );
    stage.ledger.checkOwner(op.who, [note]);
    stage.ledger.checkOwner(op.who, await stage.within(op.who, () => note.replies));
  },
};

export const READING = [read, readByClient, readPooled, readAfter, readAtOnce, readRelation];
