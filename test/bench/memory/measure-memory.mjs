import { Progress } from '../report/progress.mjs';
import { openTenantsDatabase } from '../server/tenants-database.mjs';
import { POOL_SIZE } from '../ways/pool.mjs';
import { WORKERS } from '../ways/work.mjs';
import { countOwnPools } from './count-own-pools.mjs';
import { ESTIMATE } from './estimate.mjs';
import { measureDataSources } from './measure-data-sources.mjs';
import { measureServing } from './measure-serving.mjs';

const TABLES = 1;
/** How often each tenant is served. */
const PASSES = 20;
const COMPLETE = { tenants: 10_000, dataSources: 300 };
const QUICK = { tenants: 1_000, dataSources: 100 };

/** What many tenants cost beside time: connections, this process's heap, the memory of the server's backends. */
export async function measureMemory(serverUrl, { quick, keep }) {
  const { tenants, dataSources } = quick ? QUICK : COMPLETE;
  const serving = 2 * tenants * PASSES * ESTIMATE.served;
  const rest = dataSources * ESTIMATE.dataSource + ESTIMATE.ownPools;
  const progress = new Progress(tenants * ESTIMATE.tenant + serving + rest);
  try {
    const database = await openTenantsDatabase({
      serverUrl,
      count: tenants,
      tables: TABLES,
      keep,
      onProgress: (built) => {
        progress.advance(built * ESTIMATE.tenant);
        progress.begin('memory: building the tenants');
      },
    });
    try {
      const serve = (hasAffinity) => measureServing(database, { tenants, passes: PASSES, hasAffinity }, progress);
      return {
        method: { tenants, tables: TABLES, passes: PASSES, workers: WORKERS, poolSize: POOL_SIZE },
        library: await serve(true),
        withoutAffinity: await serve(false),
        dataSources: await measureDataSources(database.url, dataSources, progress),
        ownPools: await countOwnPools(progress),
      };
    } finally {
      await database.drop();
    }
  } finally {
    progress.end();
  }
}
