import fc from 'fast-check';
import { Note, Reply } from '../entities.mjs';
import { ENTRANCES } from '../stage.mjs';
import { refused } from '../violation.mjs';

const MISMATCH = ['TENANT_MISMATCH'];

/** Ways to use an entity of one owner as another one, whose row of the same id is a different one. */
const MISUSES = {
  'saves it': (source, note) => source.getRepository(Note).save(note),
  'saves it changed': (source, note) => source.getRepository(Note).save(Object.assign(note, { body: 'taken over' })),
  'saves nothing of it but its relations': (source, note) => {
    const unchanged = Object.assign(note, { owner: undefined, body: undefined, replies: Promise.resolve([]) });
    return source.getRepository(Note).save(unchanged, { listeners: false });
  },
  'finds by it': (source, note) => source.getRepository(Reply).findBy({ note }),
  'queries by it': (source, note) => source.getRepository(Reply).createQueryBuilder('reply').where({ note }).getMany(),
  'deletes by it': (source, note) => source.getRepository(Reply).delete({ note }),
  'removes it': (source, note) => source.getRepository(Note).remove(note),
  'loads its relation': async (source, note) => note.replies,
  'loads its relation by a query builder': (source, note) =>
    source.getRepository(Note).createQueryBuilder().relation('replies').of(note).loadMany(),
  'relates to it': (source, note) => source.getRepository(Reply).save({ owner: note.owner, body: 'mixed', note }),
};

const misuse = {
  name: 'use an entity as somebody else',
  weight: 4,
  parameters: { by: fc.constantFrom(...ENTRANCES), how: fc.constantFrom(...Object.keys(MISUSES)) },
  run: async (stage, { how, ...op }) => {
    const note = await stage.enter(op, (source) => source.getRepository(Note).findOneByOrFail({ id: 1 }));
    stage.ledger.checkOwner(op.who, [note]);
    await refused(MISMATCH, () => stage.within(op.other, () => MISUSES[how](stage.factory.dataSource, note)));
  },
};

export const ENTITIES_OF_OTHERS = [misuse];
