import { Progress } from '../report/progress.mjs';
import { rounded } from '../report/statistics.mjs';
import { serverCpu } from '../server/server-cpu.mjs';
import { startLatencyProxy } from '../server/start-latency-proxy.mjs';
import { openTenantsDatabase } from '../server/tenants-database.mjs';
import { POOL_SIZE } from '../ways/pool.mjs';
import { WORKERS } from '../ways/work.mjs';
import { planStages, REMOTE_DELAY, TABLES } from './cells.mjs';
import { ESTIMATE, estimateRun } from './estimate.mjs';
import { measureStage } from './measure-stage.mjs';
import { openWays } from './open-ways.mjs';

/** What a statement costs each way: a row for each cell, and how they were measured. */
export async function measureStatements(serverUrl, options) {
  const stages = planStages(options);
  const progress = new Progress(estimateRun(stages, options));
  try {
    const database = await openTenantsDatabase({
      serverUrl,
      count: Math.max(...stages.map(({ tenants }) => tenants)),
      tables: TABLES,
      keep: options.keep,
      onProgress: (built) => {
        progress.advance(built * ESTIMATE.tenant);
        progress.begin('building the tenants');
      },
    });
    try {
      return await measureNetworks(database.url, await serverCpu(serverUrl), stages, options, progress);
    } finally {
      await database.drop();
    }
  } finally {
    progress.end();
  }
}

async function measureNetworks(databaseUrl, readServerCpu, stages, options, progress) {
  const networks = [...new Set(stages.map(({ network }) => network))];
  // Before anything is measured: where the proxy cannot keep to its delay, the machine is too busy.
  const proxy = networks.includes('remote') ? await startLatencyProxy(databaseUrl, REMOTE_DELAY) : undefined;
  const rows = [];
  try {
    for (const network of networks) {
      // Anew for each network: they are other connections, and the server's memory of the earlier ones is given back.
      const { ways, close } = await openWays(network === 'remote' ? proxy.url : databaseUrl, options.ways);
      try {
        for (const stage of stages.filter((each) => each.network === network)) {
          rows.push(...(await measureStage({ ways, readServerCpu }, stage, options, progress)));
        }
      } finally {
        await close();
      }
    }
  } finally {
    await proxy?.stop();
  }
  return { method: describeMethod(options, proxy?.roundTrip), rows };
}

function describeMethod({ rounds, seconds, warmUp: most }, roundTrip) {
  const warmUp = `each way used each table of each tenant, in up to ${most.toLocaleString('en')} operations`;
  const base = { rounds, seconds, workers: WORKERS, poolSize: POOL_SIZE, tables: TABLES, warmUp };
  if (!roundTrip) return base;
  return { ...base, roundTrip: { direct: rounded(roundTrip.direct), delayed: rounded(roundTrip.delayed) } };
}
