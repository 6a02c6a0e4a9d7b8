import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { median } from '../report/statistics.mjs';

const SAMPLES = 200;
/** On its way a statement also passes through one more process, twice. */
const TOLERANCE = 1.3;
const ATTEMPTS = 5;

/** Puts a server `delay` milliseconds away in each direction, and proves that it is. */
export async function startLatencyProxy(url, delay) {
  const target = new URL(url);
  const file = fileURLToPath(new URL('latency-proxy.mjs', import.meta.url));
  const child = fork(file, [target.hostname, target.port || '5432', String(delay)]);
  const [port] = await once(child, 'message');
  const remote = Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href;
  const stop = async () => {
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  };
  try {
    return { url: remote, roundTrip: await proveDelay(url, remote, 2 * delay), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The round trips without and with the proxy, where it adds what it has to. */
async function proveDelay(url, remote, expected) {
  for (let attempt = 1; ; attempt += 1) {
    const [direct, delayed] = [await roundTripOf(url), await roundTripOf(remote)];
    const added = delayed - direct;
    if (added >= expected && added <= expected * TOLERANCE) return { direct, delayed };
    if (attempt === ATTEMPTS) {
      throw new Error(
        `The proxy adds ${added.toFixed(2)} ms to a round trip instead of ${expected}: the machine is too busy to measure.`,
      );
    }
  }
}

/** The median time of `SELECT 1`, in milliseconds. */
async function roundTripOf(url) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const times = [];
    for (let n = 0; n < SAMPLES; n += 1) {
      const start = performance.now();
      await client.query('SELECT 1');
      times.push(performance.now() - start);
    }
    return median(times);
  } finally {
    await client.end();
  }
}
