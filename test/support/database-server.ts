import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../apps/sandbox/src/embedded-postgres.js';

/**
 * The one PostgreSQL server of a test run: the one that TEST_DATABASE_URL names, or an embedded one that ends with the
 * run and leaves nothing behind.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (process.env.TEST_DATABASE_URL) return undefined;
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-test-'));
  const server = await startEmbeddedPostgres({ directory, persistent: false, durable: false });
  process.env.TEST_DATABASE_URL = server.url;
  return async () => {
    await server.stop();
  };
}
