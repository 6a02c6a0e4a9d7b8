import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../../apps/sandbox/dist/embedded-postgres.js';
import { assertPortFree } from '../../../apps/sandbox/dist/ports.js';

/**
 * A PostgreSQL of its own, which can be restarted, crashed and stopped in its tracks. What it was told to keep survives
 * all of these, as it must for a lost transaction to be seen.
 */
export async function startChaosServer() {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-chaos-'));
  const start = (port) => startEmbeddedPostgres({ directory, persistent: false, port, maxConnections: 60 });
  let server = await start(await fixedPort());

  const processId = async () => Number.parseInt(await readFile(join(server.directory, 'postmaster.pid'), 'utf8'), 10);
  const startAgainAfter = async (signal) => {
    process.kill(await processId(), signal);
    await server.exited;
    server = await start(server.port);
  };
  return {
    url: server.url,
    /** A fast shutdown: open transactions are rolled back, connections ended. */
    restart: () => startAgainAfter('SIGINT'),
    /** An immediate shutdown: nothing is ended, the next start recovers from the log. */
    crash: () => startAgainAfter('SIGQUIT'),
    pause: async (milliseconds) => pauseProcesses(server.url, await processId(), milliseconds),
    stop: () => server.stop(),
  };
}

/**
 * Below the ports that the system gives to outgoing connections: while the server is away, one of those could take its
 * port, or connect to itself.
 */
async function fixedPort() {
  for (let attempt = 1; ; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    try {
      await assertPortFree(port, 'the port');
      return port;
    } catch (error) {
      if (attempt === 20) throw error;
    }
  }
}

/** Connects as the superuser. A connection that is lost fails its statements, and nothing else. */
export async function connectAdmin(url) {
  const client = new pg.Client({ connectionString: url, application_name: 'chaos' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Returns once the server takes connections again. */
export async function acceptsConnections(url) {
  const deadline = Date.now() + 60_000;
  for (;;) {
    try {
      const client = await connectAdmin(url);
      return await client.end();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(10);
    }
  }
}

async function pauseProcesses(url, postmaster, milliseconds) {
  const admin = await connectAdmin(url);
  const paused = [];
  const pause = (pid) => signal(pid, 'SIGSTOP') && paused.push(pid);
  try {
    // The one that starts all others comes first, so that no other is missed.
    pause(postmaster);
    const { rows } = await admin.query('SELECT pid FROM pg_stat_activity');
    for (const { pid } of rows) pause(pid);
    await delay(milliseconds);
  } finally {
    for (const pid of paused) signal(pid, 'SIGCONT');
    await admin.end();
  }
}

/** Whether there was such a process. */
function signal(pid, name) {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}
