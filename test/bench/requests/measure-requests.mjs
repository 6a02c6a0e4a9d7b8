import { Progress } from '../report/progress.mjs';
import { median, rounded } from '../report/statistics.mjs';
import { startChild } from '../process/start-child.mjs';
import { sendRequests } from './send-requests.mjs';
import { ADAPTERS, BARE, headersOf, RESOLVERS, STORAGE, WAYS } from './ways.mjs';

/** So many rounds before, as far as there are as many that count. */
const WARM_UPS = 2;

/** What a request costs in each way; in each round every way takes its turn, in a process of its own. */
export async function measureRequests({ rounds, seconds, adapters = ADAPTERS, resolvers = RESOLVERS, ways, node }) {
  const warmUps = Math.min(WARM_UPS, rounds);
  const names = ways ?? Object.keys(WAYS);
  const cells = adapters.flatMap((adapter) => resolvers.map((resolver) => ({ adapter, resolver })));
  const progress = new Progress(cells.length * names.length * (rounds + warmUps));
  const rows = [];
  let version;
  try {
    for (const cell of cells) {
      const applications = [];
      try {
        for (const way of names) applications.push(await openApplication({ way, ...cell }, node));
        version = applications[0].node;
        const turns = Object.fromEntries(names.map((way) => [way, []]));
        for (let round = -warmUps; round < rounds; round += 1) {
          for (const { way, turn } of applications) {
            progress.begin(`${cell.adapter}, ${cell.resolver}`, `round ${round + 1}, ${way}`);
            const taken = await turn(seconds);
            if (round >= 0) turns[way].push(taken);
            progress.advance(1);
          }
        }
        rows.push({ ...cell, ...summary(turns) });
      } finally {
        await Promise.all(applications.map(({ stop }) => stop()));
      }
    }
  } finally {
    progress.end();
  }
  return { method: { rounds, seconds, node: version }, rows };
}

/** A running application that has shown to know whose request it is. */
export async function openApplication({ way, adapter, resolver }, node, execArgv = []) {
  const child = startChild(new URL('application-process.mjs', import.meta.url), execArgv, node);
  try {
    const { url, node: version } = await child.call('open', { way, adapter, resolver });
    const headers = headersOf(resolver, 'tenant0');
    const request = { method: 'GET', path: '/who', headers };
    const checked = { ...request, onResponse: (_status, body) => assertAnswer(way, body) };
    await sendRequests(url, [checked], { amount: 32 });
    return {
      way,
      url,
      node: version,
      call: child.call,
      stop: child.stop,
      /** Microseconds a request: of the server's processor, and by the clock. */
      turn: async (duration) => {
        const before = await child.call('cpu');
        const { answered, seconds } = await sendRequests(url, [request], { duration });
        return { cpu: ((await child.call('cpu')) - before) / answered, clock: (seconds * 1e6) / answered };
      },
    };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

function assertAnswer(way, body) {
  if (body !== '{"id":"tenant0"}') throw new Error(`${way} answers ${body}.`);
}

/** Of each way the medians over the rounds of the ratios within them: what the machine does meanwhile meets both sides. */
function summary(turns) {
  const bare = turns[BARE];
  const storage = turns[STORAGE];
  const ratio = (to, way, figure) =>
    rounded(median(to.map((turn, round) => turn[figure] / turns[way][round][figure])), 3);
  const all = (value) => Object.fromEntries(Object.keys(turns).map((way) => [way, value(way)]));
  return {
    microseconds: all((way) => rounded(median(turns[way].map(({ cpu }) => cpu)), 1)),
    ratios: all((way) => ratio(bare, way, 'cpu')),
    throughputRatios: all((way) => ratio(bare, way, 'clock')),
    ...(storage && { toStorage: all((way) => ratio(storage, way, 'cpu')) }),
  };
}
