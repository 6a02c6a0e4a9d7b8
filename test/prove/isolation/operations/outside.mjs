import fc from 'fast-check';
import { ALL_NOTES } from '../readers.mjs';
import { SCOPES } from '../stage.mjs';
import { check, refused } from '../violation.mjs';
import { writeNote } from './writing.mjs';

/** Each opens a connection of its own, which makes it dear. */
const outside = {
  name: 'work outside of a transaction',
  weight: 0.1,
  parameters: { by: fc.constantFrom(...SCOPES), named: fc.boolean() },
  run: (stage, { named, ...op }) => {
    const isNamed = named && op.who !== 'system';
    const open = (work) =>
      isNamed
        ? stage.within(op.other, () => stage.sessions.outsideTransaction(stage.tenantOf(op.who), work))
        : stage.enter(op, () => stage.sessions.outsideTransaction(work));
    return writeNote(stage, op.who, ({ owner, body }) =>
      open(async (query) => {
        check(stage.current === op.who, () => `${op.who} works outside of a transaction as ${stage.current}`);
        await query('INSERT INTO notes (owner, body) VALUES ($1, $2)', [owner, body]);
        stage.ledger.checkOwner(op.who, await query(ALL_NOTES));
        await stage.within(op.other, () => refused(['TENANT_MISMATCH'], () => query(ALL_NOTES)));
      }),
    );
  },
};

export const OUTSIDE = [outside];
