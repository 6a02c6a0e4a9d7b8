import { setTimeout as delay } from 'node:timers/promises';
import { Progress } from '../report/progress.mjs';
import { quantile, rounded } from '../report/statistics.mjs';
import { openTenantsDatabase } from '../server/tenants-database.mjs';
import { POOL_SIZE } from '../ways/pool.mjs';
import { LOUD, SLOW_SECONDS, startLoudTenant } from './loud-tenant.mjs';
import { openTwoTenants } from './two-tenants.mjs';

/** A quiet tenant reads once in so many milliseconds, whether the last read was answered or not: it is many users. */
const QUIET_EVERY = 20;
const LIMIT = 5;

/** How long a quiet tenant waits: alone, beside one that asks for much more than the pool has, and with a limit to that. */
export async function measureNeighbours(serverUrl, { seconds }) {
  const progress = new Progress(4 * seconds);
  try {
    const database = await openTenantsDatabase({
      serverUrl,
      count: 2,
      tables: 1,
      keep: false,
      onProgress: () => undefined,
    });
    try {
      const beside = async (name, options, isLoud) => {
        const tenants = await openTwoTenants(database.url, options);
        try {
          return await measureQuiet(tenants, isLoud, seconds, (part) => progress.begin(`neighbours: ${name}`, part));
        } finally {
          await tenants.close();
          progress.advance(seconds);
        }
      };
      return {
        method: {
          seconds,
          poolSize: POOL_SIZE,
          quietEvery: QUIET_EVERY,
          loud: LOUD,
          slowSeconds: SLOW_SECONDS,
          limit: LIMIT,
        },
        alone: await beside('alone', {}, false),
        withoutLimit: await beside('without a limit', {}, true),
        withLimit: await beside('with a limit', { maxConnectionsPerTenant: LIMIT }, true),
      };
    } finally {
      await database.drop();
    }
  } finally {
    progress.end();
  }
}

/** The times of the quiet tenant's reads, in milliseconds, and what became of the loud one's. */
async function measureQuiet({ quiet, loud }, isLoud, seconds, onProgress) {
  // Connections are opened and plans made before the clock starts.
  for (let n = 0; n < 200; n += 1) await quiet();
  const load = isLoud ? startLoudTenant(loud) : undefined;
  const reads = [];
  const start = performance.now();
  for (let n = 0; n * QUIET_EVERY < seconds * 1_000; n += 1) {
    await delay(Math.max(0, start + n * QUIET_EVERY - performance.now()));
    if (n % 50 === 0) onProgress(`${n} reads`);
    reads.push(timed(quiet));
    // Reported when all are awaited, not as a rejection that nobody handles.
    reads.at(-1).catch(() => undefined);
  }
  const times = await Promise.all(reads);
  const loudQueries = await load?.stop();
  const at = (share) => rounded(quantile(times, share));
  return { reads: times.length, p50: at(0.5), p99: at(0.99), max: at(1), ...(loudQueries && { loudQueries }) };
}

async function timed(work) {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
