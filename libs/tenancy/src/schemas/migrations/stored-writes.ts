import type { DataSource } from 'typeorm';

/**
 * Lets a transaction not wait until it is on disk. It is whole all the same: a server that crashes within the next moments has
 * all of it or nothing.
 *
 * See https://www.postgresql.org/docs/current/wal-async-commit.html
 */
export const STORE_LATER = 'SET LOCAL synchronous_commit TO off';

/**
 * Waits until everything that was committed on a server before is on disk, and on the standbys that commits wait for: its log
 * is written in order, so that one commit that waits has waited for all of them. One that has nothing to write would not wait.
 */
export async function storeWrites(system: DataSource): Promise<void> {
  await system.query("SELECT pg_catalog.pg_logical_emit_message(true, 'nestjs-tenancy', '')");
}
