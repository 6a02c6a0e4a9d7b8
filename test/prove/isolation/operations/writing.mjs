import fc from 'fast-check';
import { ENTRANCES } from '../stage.mjs';
import { CHANGERS, REMOVERS, TRANSACTION_IN_ONE_TEXT, WRITERS } from '../writers.mjs';

const insert = {
  name: 'write',
  weight: 8,
  parameters: { by: fc.constantFrom(...ENTRANCES), how: fc.constantFrom(...Object.keys(WRITERS)) },
  run: (stage, { how, ...op }) =>
    writeNote(stage, op.who, (row) => stage.enter(op, (source) => stage.writer(op.who, how)(source, row))),
};

const insertInOneText = {
  name: 'write, a transaction in one text',
  weight: 0.5,
  parameters: { by: fc.constantFrom(...ENTRANCES) },
  run: (stage, op) =>
    writeNote(stage, op.who, (row) => stage.enter(op, (source) => TRANSACTION_IN_ONE_TEXT(source, row))),
};

const change = {
  name: 'write, change',
  weight: 2,
  parameters: {
    by: fc.constantFrom(...ENTRANCES),
    how: fc.constantFrom(...Object.keys(CHANGERS)),
  },
  async run(stage, { how, ...op }) {
    const { ledger } = stage;
    const body = await insert.run(stage, { ...op, how: 'raw query' });
    const changed = ledger.newBody(op.who);
    ledger.underWay(op.who, body, changed);
    await stage.enter(op, (source) => CHANGERS[how](source, body, changed));
    ledger.absent(op.who, body);
    ledger.there(op.who, changed);
  },
};

const remove = {
  name: 'write, remove',
  weight: 3,
  parameters: {
    by: fc.constantFrom(...ENTRANCES),
    how: fc.constantFrom(...Object.keys(REMOVERS)),
  },
  async run(stage, { how, ...op }) {
    const { ledger } = stage;
    const body = await insert.run(stage, { ...op, how: 'raw query with parameters' });
    ledger.underWay(op.who, body);
    await stage.enter(op, (source) => REMOVERS[how](source, body));
    ledger.absent(op.who, body);
  },
};

/** Writes a note in a transaction of its own. */
export async function writeNote({ ledger }, owner, work) {
  const body = ledger.newBody(owner);
  ledger.underWay(owner, body);
  await work({ owner, body });
  ledger.there(owner, body);
  return body;
}

export const WRITING = [insert, insertInOneText, change, remove];
