import { Progress } from '../report/progress.mjs';
import { rounded } from '../report/statistics.mjs';
import { openApplication } from './open-applications.mjs';
import { ADAPTERS, BARE, RESOLVERS, WAYS } from './ways.mjs';

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
  };
}
