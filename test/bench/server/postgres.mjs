import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../../apps/sandbox/dist/embedded-postgres.js';

/** The server to measure on, as a superuser: the one that TEST_DATABASE_URL names, or an embedded one of this run. */
export async function openPostgres() {
  if (process.env.TEST_DATABASE_URL) return { url: process.env.TEST_DATABASE_URL, stop: async () => undefined };
  return startOwnPostgres(200);
}

/** An embedded server that nobody else uses. What is measured writes no data that it would have to wait for. */
export async function startOwnPostgres(maxConnections) {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-bench-'));
  return startEmbeddedPostgres({ directory, persistent: false, durable: false, maxConnections });
}
