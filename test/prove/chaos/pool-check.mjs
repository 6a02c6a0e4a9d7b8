import { setTimeout as delay } from 'node:timers/promises';
import { connectAdmin } from './chaos-server.mjs';
import { PER_TENANT, POOL_SIZE } from './system.mjs';

const PATIENCE_MS = 10_000;

/** How many of its connections a pool without users has lost: not idle, not usable, or unknown to it and still open. */
export async function lostConnections(world) {
  const { pool } = world.system;
  await until(() => pool.waitingCount === 0 && pool.idleCount === pool.totalCount);
  const notIdle = pool.totalCount - pool.idleCount + pool.waitingCount + Math.max(0, pool.totalCount - POOL_SIZE);
  const [first, second] = world.tenants;
  const unusable = [
    // All that one tenant may have, twice, so that a share that was lost with its connection shows.
    PER_TENANT - (await usable(world, first, PER_TENANT)),
    PER_TENANT - (await usable(world, second, PER_TENANT)),
    POOL_SIZE - (await usableByBoth(world)),
  ];
  const forgotten = Math.max(0, (await openBackends(world)) - pool.totalCount);
  return notIdle + sum(unusable) + forgotten;
}

async function usableByBoth(world) {
  const half = POOL_SIZE / 2;
  return sum(await Promise.all(world.tenants.map((tenant) => usable(world, tenant, half))));
}

/** How many of so many users at once are served, each by a connection of his own. */
async function usable({ system }, tenant, users) {
  const runners = Array.from({ length: users }, () => system.factory.forTenant(tenant).createQueryRunner());
  try {
    const answers = await Promise.allSettled(
      runners.map((runner) => runner.query('SELECT pg_backend_pid() AS pid, owner FROM notes LIMIT 1')),
    );
    const own = answers.filter(({ value }) => value?.[0].owner === tenant.id);
    return new Set(own.map(({ value }) => value[0].pid)).size;
  } finally {
    for (const runner of runners) await runner.release();
  }
}

async function openBackends({ serverUrl, role, system }) {
  const admin = await connectAdmin(serverUrl);
  const count = async () => {
    const text = 'SELECT count(*)::int AS open FROM pg_stat_activity WHERE usename = $1';
    return (await admin.query(text, [role])).rows[0].open;
  };
  try {
    // A connection that was closed here ends there a little later.
    await until(async () => (await count()) <= system.pool.totalCount);
    return await count();
  } finally {
    await admin.end();
  }
}

async function until(test) {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await test()) && Date.now() < deadline) await delay(20);
}

function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}
