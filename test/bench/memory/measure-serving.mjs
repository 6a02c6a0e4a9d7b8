import { startChild } from '../process/start-child.mjs';
import { queryOnce } from '../server/query-once.mjs';
import { backendMemory } from './backend-memory.mjs';
import { ESTIMATE } from './estimate.mjs';

/** This part of the tenants is served first: what an application needs for any of them is not counted for each. */
const FIRST = 0.1;

/**
 * Serves every tenant several times, at random, and looks at what that left; without affinity every connection serves
 * anybody, and none is replaced.
 */
export async function measureServing(database, { tenants, passes, hasAffinity }, progress) {
  const subject = `memory: serving ${tenants.toLocaleString('en')} tenants${hasAffinity ? '' : ' without affinity'}`;
  progress.begin(subject);
  const child = startChild(new URL('serving-process.mjs', import.meta.url), ['--expose-gc']);
  try {
    await child.call('open', { url: database.url, hasAffinity });
    const serve = async (count) => {
      for (let pass = 1; pass <= passes; pass += 1) {
        progress.begin(subject, `pass ${pass} of ${passes}`);
        await child.call('serve', { count, seed: pass });
        if (count === tenants) progress.advance(tenants * ESTIMATE.served);
      }
      return child.call('heapUsed');
    };
    const first = Math.round(tenants * FIRST);
    const before = await serve(first);
    const after = await serve(tenants);
    const pids = await backendsOf(database);
    return {
      connections: pids.length,
      heapBytesPerTenant: Math.round((after - before) / (tenants - first)),
      backendKiB: await backendMemory(pids),
      // After the memory, which it adds to.
      connectionsPerTenant: await child.call('connectionsPerTenant', tenants),
    };
  } finally {
    await child.stop();
  }
}

async function backendsOf({ admin, role }) {
  const rows = await queryOnce(admin, `SELECT pid FROM pg_stat_activity WHERE usename = '${role}'`);
  return rows.map(({ pid }) => pid);
}
