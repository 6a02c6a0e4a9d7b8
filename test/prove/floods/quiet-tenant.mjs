import { Agent } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { quantile, rounded } from '../../bench/report/statistics.mjs';
import { ask } from './ask.mjs';

const EVERY_MS = 100;

/** A tenant that asks 10 times a second, whether it was answered or not: a slow answer must not slow its questions. */
export async function askQuietly(url, headers, owner, seconds) {
  const agent = new Agent({ keepAlive: true });
  const asked = [];
  const end = performance.now() + seconds * 1_000;
  while (performance.now() < end) {
    asked.push(ask(url, agent, headers));
    await delay(EVERY_MS);
  }
  const answers = await Promise.all(asked);
  agent.destroy();
  const served = answers.filter(({ status }) => status === 200);
  const times = answers.map(({ ms }) => ms);
  return {
    requests: answers.length,
    served: served.length,
    refused: answers.filter(({ status }) => [401, 403, 429].includes(status)).length,
    foreign: served.filter(({ body }) => JSON.parse(body).tenant !== owner).length,
    p50: rounded(quantile(times, 0.5), 1),
    p99: rounded(quantile(times, 0.99), 1),
  };
}
