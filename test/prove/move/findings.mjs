import { queryOnce } from '../../bench/server/query-once.mjs';

/** What there is in the end, compared with what was answered. */
export async function findings(admin, writers) {
  const stored = new Map(
    (await queryOnce(admin, 'SELECT key, count(*)::int AS n FROM t_acme.notes GROUP BY key')).map(({ key, n }) => [
      key,
      n,
    ]),
  );
  const counters = await queryOnce(admin, 'SELECT id, count FROM t_acme.counters');
  return {
    lost: [...writers.acknowledged].filter((key) => !stored.has(key)).length,
    twice: [...stored.values()].filter((n) => n > 1).length,
    refusedButThere: [...writers.refused].filter((key) => stored.has(key)).length,
    miscounted: counters.filter(({ id, count }) => writers.increments.get(id) !== count).length,
  };
}

/** All rows of a server's schema, in an order, as one number for each table: nothing that the library computes. */
export async function sumsOf(admin) {
  const sums = {};
  for (const table of ['notes', 'counters', 'tags', 'migrations']) {
    const sql = `SELECT count(*) || ' ' || COALESCE(md5(string_agg(t::text, '|' ORDER BY t::text COLLATE "C")), '') AS sum FROM t_acme.${table} t`;
    sums[table] = (await queryOnce(admin, sql))[0].sum;
  }
  return sums;
}

/** How many of the servers have the schema. */
export async function placesOf(databases) {
  const all = Object.values(databases).map(({ admin }) =>
    queryOnce(admin, "SELECT FROM pg_namespace WHERE nspname = 't_acme'"),
  );
  return (await Promise.all(all)).flat().length;
}
