import pg from 'pg';

/** One text of statements on a connection of its own; the rows of the last one. */
export async function queryOnce(url, sql) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return [await client.query(sql)].flat().at(-1).rows;
  } finally {
    await client.end();
  }
}
