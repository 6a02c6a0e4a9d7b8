import { Note } from './entities.mjs';

const literal = (text) => `'${text}'`;

/** Ways to write a note with a DataSource or an entity manager. */
export const WRITERS = {
  'repository.save': (source, row) => source.getRepository(Note).save({ ...row }),
  'repository.insert': (source, row) => source.getRepository(Note).insert(row),
  'query builder': (source, row) => source.createQueryBuilder().insert().into(Note).values(row).execute(),
  'raw query': (source, { owner, body }) =>
    source.query(`INSERT INTO notes (owner, body) VALUES (${literal(owner)}, ${literal(body)})`),
  'raw query with parameters': (source, { owner, body }) =>
    source.query('INSERT INTO notes (owner, body) VALUES ($1, $2)', [owner, body]),
  'INSERT … SELECT': (source, { owner, body }) =>
    source.query('INSERT INTO notes (owner, body) SELECT owner, $2 FROM notes WHERE owner = $1 LIMIT 1', [owner, body]),
  'WITH … INSERT': (source, { owner, body }) =>
    source.query('WITH made AS (INSERT INTO notes (owner, body) VALUES ($1, $2) RETURNING *) SELECT id FROM made', [
      owner,
      body,
    ]),
  'several statements': (source, { owner, body }) =>
    source.query(
      `INSERT INTO notes (owner, body) VALUES (${literal(owner)}, ${literal(body)}); SELECT owner, body FROM notes`,
    ),
  'a DO block': (source, { owner, body }) =>
    source.query(`DO $$ BEGIN INSERT INTO notes (owner, body) VALUES (${literal(owner)}, ${literal(body)}); END $$`),
};

/** Only where no transaction is open: it ends one. */
export const TRANSACTION_IN_ONE_TEXT = (source, { owner, body }) =>
  source.query(`BEGIN; INSERT INTO notes (owner, body) VALUES (${literal(owner)}, ${literal(body)}); COMMIT`);

/** Ways to change the body of a note. */
export const CHANGERS = {
  'repository.update': (source, body, changed) => source.getRepository(Note).update({ body }, { body: changed }),
  'repository.save': async (source, body, changed) => {
    const note = await source.getRepository(Note).findOneByOrFail({ body });
    note.body = changed;
    await source.getRepository(Note).save(note);
  },
  'raw query': (source, body, changed) => source.query('UPDATE notes SET body = $2 WHERE body = $1', [body, changed]),
};

/** Ways to remove a note. */
export const REMOVERS = {
  'repository.delete': (source, body) => source.getRepository(Note).delete({ body }),
  'repository.remove': async (source, body) => {
    const note = await source.getRepository(Note).findOneByOrFail({ body });
    await source.getRepository(Note).remove(note);
  },
  'raw query': (source, body) => source.query(`DELETE FROM notes WHERE body = ${literal(body)}`),
};
