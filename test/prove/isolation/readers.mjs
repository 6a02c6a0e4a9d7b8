import Cursor from 'pg-cursor';
import QueryStream from 'pg-query-stream';
import { Note } from './entities.mjs';
import { SEEDS } from './owners.mjs';

export const ALL_NOTES = 'SELECT owner, body FROM notes';

/** Ways to read notes with a DataSource or an entity manager. `all` reads every one, `stale` may be of a little before. */
export const READERS = {
  'repository.find': { all: true, read: (source) => source.getRepository(Note).find() },
  'query builder': { all: true, read: (source) => source.createQueryBuilder(Note, 'note').getMany() },
  'raw query': { all: true, read: (source) => source.query(ALL_NOTES) },
  'raw query with parameters': { all: true, read: (source) => source.query(`${ALL_NOTES} WHERE id > $1`, [0]) },
  'find by key': { read: async (source) => [await source.getRepository(Note).findOneByOrFail({ id: 1 })] },
  'find by column': { read: (source) => source.getRepository(Note).findBy({ body: SEEDS[1] }) },
  'page with a join': {
    read: (source) =>
      source.createQueryBuilder(Note, 'note').innerJoin('note.replies', 'reply').orderBy('note.id').take(2).getMany(),
  },
  'cached find': {
    stale: true,
    read: (source) => source.getRepository(Note).find({ take: 2, order: { id: 1 }, cache: true }),
  },
  'cached query builder': {
    stale: true,
    read: (source) =>
      source.createQueryBuilder(Note, 'note').cache('first notes', 60_000).where('note.id < 3').getMany(),
  },
  'result stream': {
    all: true,
    read: async (source) => {
      const stream = await source.createQueryBuilder(Note, 'note').stream();
      return (await stream.toArray()).map((row) => ({ owner: row.note_owner, body: row.note_body }));
    },
  },
  'a function that all share': {
    all: true,
    read: (source) => source.query('SELECT owner, body FROM shared.all_notes()'),
  },
  'quoted name': { all: true, read: (source) => source.query('SELECT owner, body FROM ONLY "notes" AS "n"') },
};

/** Ways to read notes with pg's own client. */
export const CLIENT_READERS = {
  promise: async (client) => (await client.query(ALL_NOTES)).rows,
  'promise, values': async (client) => (await client.query(`${ALL_NOTES} WHERE id > $1`, [0])).rows,
  'a config': async (client) => (await client.query({ text: `${ALL_NOTES} WHERE id > $1`, values: [0] })).rows,
  'a name': async (client) => (await client.query({ name: 'notes', text: ALL_NOTES, values: [] })).rows,
  arrays: async (client) =>
    (await client.query({ text: ALL_NOTES, rowMode: 'array' })).rows.map(([owner, body]) => ({ owner, body })),
  callback: (client, seen) =>
    byCallback((done) =>
      client.query(ALL_NOTES, (error, result) => {
        seen();
        done(error, result?.rows);
      }),
    ),
  'values and a callback': (client, seen) =>
    byCallback((done) =>
      client.query(`${ALL_NOTES} WHERE id > $1`, [0], (error, result) => {
        seen();
        done(error, result?.rows);
      }),
    ),
  'several statements': async (client) => (await client.query(`SELECT 1 AS one; ${ALL_NOTES}`))[1].rows,
  'a config with a callback': (client, seen) =>
    byCallback((done) =>
      client.query({
        text: ALL_NOTES,
        callback: (error, result) => {
          seen();
          done(error, result?.rows);
        },
      }),
    ),
  cursor: async (client) => {
    const cursor = client.query(new Cursor(ALL_NOTES));
    const rows = [];
    for (let batch = await cursor.read(2); batch.length > 0; batch = await cursor.read(2)) rows.push(...batch);
    await cursor.close();
    return rows;
  },
  'cursor, by callback': async (client, seen) => {
    const cursor = client.query(new Cursor(ALL_NOTES));
    const rows = await byCallback((done) =>
      cursor.read(1_000, (error, batch) => {
        seen();
        done(error, batch);
      }),
    );
    await cursor.close();
    return rows;
  },
  stream: (client) => client.query(new QueryStream(`${ALL_NOTES} WHERE id > $1`, [0], { batchSize: 2 })).toArray(),
  'stream, by its events': (client, seen) =>
    byCallback((done) => {
      const rows = [];
      const stream = client.query(new QueryStream(ALL_NOTES, [], { batchSize: 2 }));
      stream.on('data', (row) => {
        seen();
        rows.push(row);
      });
      stream.on('error', done).on('end', () => done(undefined, rows));
    }),
};

/** Reads notes with the pool that a DataSource works with, past TypeORM. */
export function readByPool(pool, text, values, seen) {
  return byCallback((done) =>
    pool.connect((error, client, release) => {
      seen();
      if (error) return done(error);
      client.query(text, values, (failure, result) => {
        seen();
        release(failure);
        done(failure, result?.rows);
      });
    }),
  );
}

function byCallback(start) {
  return new Promise((resolve, reject) => {
    start((error, result) => (error ? reject(error) : resolve(result)));
  });
}
