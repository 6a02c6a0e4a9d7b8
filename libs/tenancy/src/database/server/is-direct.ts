import type { DataSource } from 'typeorm';
import type { PgClientState } from '../binding/pg-internals.js';

/**
 * Whether a connection leads to one server process of its own, which keeps what it is told to prepare. A pooler makes up
 * the process that it tells the client of, and may answer each transaction from another one.
 */
export async function isDirect(dataSource: DataSource): Promise<boolean> {
  const runner = dataSource.createQueryRunner();
  try {
    const client = (await runner.connect()) as Pick<PgClientState, 'processID'>;
    const [row] = await runner.manager.query<Array<{ pid: number }>>('SELECT pg_catalog.pg_backend_pid() AS pid');
    return row !== undefined && row.pid === client.processID;
  } finally {
    await runner.release();
  }
}
