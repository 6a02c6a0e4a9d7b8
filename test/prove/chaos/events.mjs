import { setTimeout as delay } from 'node:timers/promises';
import { acceptsConnections, connectAdmin } from './chaos-server.mjs';
import { pick } from '../support/random.mjs';
import { CONNECT_TIMEOUT_MS, openSystem, POOL_SIZE } from './system.mjs';

const BACKENDS = 'SELECT pid FROM pg_stat_activity WHERE usename = $1';

/** Kills one server process with -9: PostgreSQL ends all others too, and recovers. */
export async function crashBackend({ serverUrl, role, random }) {
  const admin = await connectAdmin(serverUrl);
  const target = pick(random, (await admin.query(BACKENDS, [role])).rows);
  const lost = new Promise((resolve) => admin.once('end', resolve));
  process.kill(target.pid, 'SIGKILL');
  await lost;
  await acceptsConnections(serverUrl);
}

/** Takes all connections and keeps them for longer than anybody waits for one. */
export async function exhaustPool({ system, tenants }) {
  const held = Array.from({ length: POOL_SIZE }, (_, n) =>
    system.factory.forTenant(tenants[n % tenants.length]).createQueryRunner(),
  );
  try {
    const taken = await Promise.allSettled(held.map((runner) => runner.connect()));
    await delay(CONNECT_TIMEOUT_MS + 500);
    return `${taken.filter(({ status }) => status === 'fulfilled').length} of ${POOL_SIZE} were taken`;
  } finally {
    for (const runner of held) await runner.release();
  }
}

/** Closes the DataSource under its users, and gives them a new one. */
export async function replaceSystem(world) {
  const closing = performance.now();
  await world.system.factory.destroy();
  const closedIn = performance.now() - closing;
  world.system = await openSystem(world);
  return `closed in ${Math.round(closedIn)} ms`;
}
