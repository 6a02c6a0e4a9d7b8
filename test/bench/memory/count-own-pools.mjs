import { benchTenants } from '../server/bench-tenants.mjs';
import { startOwnPostgres } from '../server/postgres.mjs';
import { queryOnce } from '../server/query-once.mjs';
import { openTenantDataSource } from '../ways/data-source-per-tenant.mjs';
import { noteSchemas } from '../ways/notes.mjs';
import { ESTIMATE } from './estimate.mjs';

/** PostgreSQL's own default. */
const MAX_CONNECTIONS = 100;
const TOO_MANY_CONNECTIONS = '53300';

/**
 * How many tenants a server has room for where each has a DataSource with a pool of its own, until it refuses the next
 * one. On a server of its own: on a shared one, everybody else would be refused too.
 */
export async function countOwnPools(progress) {
  progress.begin('memory: a DataSource with a pool of its own per tenant');
  const server = await startOwnPostgres(MAX_CONNECTIONS);
  const opened = [];
  try {
    await queryOnce(server.url, "CREATE ROLE app LOGIN PASSWORD 'app'");
    const url = Object.assign(new URL(server.url), { username: 'app', password: 'app' }).href;
    for (const tenant of benchTenants(MAX_CONNECTIONS + 1)) {
      opened.push(await openTenantDataSource(url, tenant, noteSchemas(1, tenant.schema)));
    }
    throw new Error(`${opened.length} pools fitted into ${MAX_CONNECTIONS} connections.`);
  } catch (error) {
    if (error.code !== TOO_MANY_CONNECTIONS) throw error;
    return { maxConnections: MAX_CONNECTIONS, tenants: opened.length, refusal: error.message };
  } finally {
    await Promise.all(opened.map((dataSource) => dataSource.destroy()));
    await server.stop();
    progress.advance(ESTIMATE.ownPools);
  }
}
