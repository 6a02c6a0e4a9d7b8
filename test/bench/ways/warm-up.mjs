import { POOL_SIZE } from './pool.mjs';

/** Whatever the number of tenants: connections, the compiler and the collector warm up too. */
const LEAST = 2_000;
/** What comes a third time to a connection is nothing new to it. */
const TIMES = 3;

/**
 * How many operations a way is warmed up with. The first use of a schema costs PostgreSQL 2 to 4 ms in each connection, and
 * the steady state is measured: each table of each tenant is used once, and read on every connection as far as `most`
 * operations go.
 */
export function warmUpCount({ operation, tenants, tables, most }) {
  const each = tenants * tables;
  const wanted = operation === 'read' ? each * POOL_SIZE * TIMES : each;
  return Math.max(each, Math.min(most, Math.max(LEAST, wanted)));
}
