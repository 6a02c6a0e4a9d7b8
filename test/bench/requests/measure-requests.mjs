import { Progress } from '../report/progress.mjs';
import { rounded } from '../report/statistics.mjs';
import { startChild } from '../process/start-child.mjs';
import { sendRequests } from './send-requests.mjs';
import { ADAPTERS, BARE, headersOf, RESOLVERS, STORAGE, WAYS } from './ways.mjs';

/** How long a process runs before its turn counts: the compiler needs some seconds. */
const warmUpOf = (seconds) => Math.ceil(1.5 * seconds);

/**
 * What a request costs in each way. In each round every way takes its turn, in a new process and with no other beside it: what
 * a process is given by the compiler and of the memory may make it half as slow again, and one that waits for its turn loses
 * what the caches had of it.
 */
export async function measureRequests({ rounds, seconds, adapters = ADAPTERS, resolvers = RESOLVERS, ways, node }) {
  const names = ways ?? Object.keys(WAYS);
  const cells = adapters.flatMap((adapter) => resolvers.map((resolver) => ({ adapter, resolver })));
  const progress = new Progress(cells.length * names.length * rounds * (warmUpOf(seconds) + seconds + 1));
  const rows = [];
  let version;
  try {
    for (const cell of cells) {
      const turns = Object.fromEntries(names.map((way) => [way, []]));
      for (let round = 1; round <= rounds; round += 1) {
        for (const way of names) {
          progress.begin(`${cell.adapter}, ${cell.resolver}`, `round ${round} of ${rounds}, ${way}`);
          const taken = await measureProcess({ way, ...cell }, node, seconds);
          version = taken.node;
          turns[way].push(taken);
          progress.advance(warmUpOf(seconds) + seconds + 1);
        }
      }
      rows.push({ ...cell, ...summary(names, turns) });
    }
  } finally {
    progress.end();
  }
  return { method: { rounds, seconds, node: version }, rows };
}

async function measureProcess(cell, node, seconds) {
  const application = await openApplication(cell, node);
  try {
    await application.turn(warmUpOf(seconds));
    return { ...(await application.turn(seconds)), node: application.node };
  } finally {
    await application.stop();
  }
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

/** Of each way what its best process took: what makes one slower is not the way's. */
function summary(names, turns) {
  const all = (value) => Object.fromEntries(names.map((way) => [way, value(way)]));
  const least = (figure) => all((way) => Math.min(...turns[way].map((turn) => turn[figure])));
  const [cpu, clock] = [least('cpu'), least('clock')];
  const ratios = (to, figures) => all((way) => rounded(figures[to] / figures[way], 3));
  return {
    microseconds: all((way) => rounded(cpu[way], 1)),
    /** Of every process, so that one can see how far they differ. */
    processes: all((way) => turns[way].map((turn) => rounded(turn.cpu, 1))),
    ratios: ratios(BARE, cpu),
    throughputRatios: ratios(BARE, clock),
    ...(names.includes(STORAGE) && { toStorage: ratios(STORAGE, cpu) }),
  };
}
