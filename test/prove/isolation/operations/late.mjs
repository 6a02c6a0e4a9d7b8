import fc from 'fast-check';
import { setTimeout as delay } from 'node:timers/promises';
import { LATECOMER } from '../owners.mjs';
import { ALL_NOTES, READERS } from '../readers.mjs';
import { SCOPES } from '../stage.mjs';
import { Violation, codeOf } from '../violation.mjs';
import { writeNote } from './writing.mjs';
import { WRITERS } from '../writers.mjs';

const tick = () => new Promise(setImmediate);

/** Work that goes on after the scope it was begun in has returned; each answers with rows. */
const AFTERWARDS = {
  'a promise nobody awaited': async (stage, op) => {
    const { later } = await stage.enter(op, (source) => ({
      later: tick().then(() => READERS[op.reader].read(source)),
    }));
    return later;
  },
  'a timer': async (stage, op) => {
    const { later } = await stage.enter(op, (source) => ({
      later: delay(1).then(() => READERS[op.reader].read(source)),
    }));
    return later;
  },
  'a query runner that was opened before': async (stage, op) => {
    const { later } = await stage.enter(op, async (source) => {
      const runner = source.createQueryRunner();
      await runner.connect();
      return {
        later: tick()
          .then(() => runner.query(ALL_NOTES))
          .finally(() => runner.release()),
      };
    });
    return later;
  },
  'a stream that is read by somebody else': async (stage, op) => {
    const { stream } = await stage.enter(op, async (source) => ({
      stream: await source.createQueryBuilder('Note', 'note').stream(),
    }));
    const rows = await stage.within(op.other, () => stream.toArray());
    return rows.map((row) => ({ owner: row.note_owner, body: row.note_body }));
  },
};

const afterwards = {
  name: 'go on after the scope ended',
  weight: 3,
  parameters: {
    by: fc.constantFrom(...SCOPES),
    how: fc.constantFrom(...Object.keys(AFTERWARDS)),
    reader: fc.constantFrom('raw query', 'repository.find', 'query builder', 'result stream'),
  },
  run: async (stage, op) => {
    const start = stage.ledger.clock;
    stage.ledger.checkRead(op.who, await AFTERWARDS[op.how](stage, op), start, true);
  },
};

const writeAfterwards = {
  name: 'write after the scope ended',
  weight: 1,
  parameters: { by: fc.constantFrom(...SCOPES), writer: fc.constantFrom(...Object.keys(WRITERS)) },
  run: (stage, op) =>
    writeNote(stage, op.who, async (row) => {
      const { later } = await stage.enter(op, (source) => ({
        later: tick().then(() => stage.writer(op.who, op.writer)(source, row)),
      }));
      await later;
    }),
};

// The last: whoever has it now, or had it last, changed its path, and the server told.
const REFUSALS = ['TENANT_CONTEXT_MISSING', 'TENANT_MISMATCH', 'ISOLATION_VIOLATION'];

/** A connection that was given back may be anybody's by now: what is asked of it is refused, or is the asker's own. */
const useGivenBack = {
  name: 'use a connection that was given back',
  weight: 2,
  parameters: { by: fc.constantFrom(...SCOPES), ticks: fc.nat(4) },
  run: (stage, { ticks, ...op }) =>
    stage.enter({ ...op, who: LATECOMER }, async (source) => {
      const runner = source.createQueryRunner();
      const client = await runner.connect();
      stage.ledger.checkOwner(LATECOMER, (await client.query(ALL_NOTES)).rows);
      await runner.release();
      for (let left = ticks; left > 0; left -= 1) await tick();
      let answer;
      try {
        answer = await client.query(ALL_NOTES);
      } catch (error) {
        if (REFUSALS.includes(codeOf(error))) return;
        throw new Violation(`a connection that was given back failed with ${codeOf(error)}: ${error.message}`);
      }
      stage.ledger.checkOwner(LATECOMER, answer.rows);
    }),
};

export const LATE = [afterwards, writeAfterwards, useGivenBack];
