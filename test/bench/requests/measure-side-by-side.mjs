import { Progress } from '../report/progress.mjs';
import { median, rounded } from '../report/statistics.mjs';
import { openApplications } from './open-applications.mjs';
import { ADAPTERS, BY_HAND, OURS, RESOLVERS, STORAGE } from './ways.mjs';

/** What is compared with an AsyncLocalStorage alone: beside it, in its process. */
const COMPARED = [OURS, BY_HAND, 'guard'];
const WAYS = [STORAGE, ...COMPARED];
const WARM_UP = 2;

/**
 * What this library, the least by hand and a guard cost beside an AsyncLocalStorage alone, all in one process: they have the same
 * compiler and the same memory, which differ between processes by more than what is to be measured. In each round a new process lets them
 * take turns of a second, and each turn is compared with the storage's next to it.
 */
export async function measureSideBySide({ rounds, seconds, adapters = ADAPTERS, resolvers = RESOLVERS, node }) {
  const turns = 4 * seconds;
  const cells = adapters.flatMap((adapter) => resolvers.map((resolver) => ({ adapter, resolver })));
  const progress = new Progress(cells.length * rounds * WAYS.length * (WARM_UP + turns));
  const rows = [];
  let version;
  try {
    for (const cell of cells) {
      const ratios = Object.fromEntries(COMPARED.map((way) => [way, []]));
      for (let round = 1; round <= rounds; round += 1) {
        const taken = await measureProcess(cell, node, turns, (turn) => {
          progress.begin(`${cell.adapter}, ${cell.resolver}, side by side`, `process ${round} of ${rounds}, ${turn}`);
          progress.advance(WAYS.length);
        });
        version = taken.node;
        for (const way of COMPARED) ratios[way].push(median(taken.ratios[way]));
      }
      const all = (value) => Object.fromEntries(COMPARED.map((way) => [way, value(ratios[way])]));
      rows.push({
        ...cell,
        toStorage: all((values) => rounded(median(values), 3)),
        toByHand: rounded(median(ratios[OURS].map((value, round) => value / ratios[BY_HAND][round])), 3),
        processes: all((values) => values.map((value) => rounded(value, 3))),
      });
    }
  } finally {
    progress.end();
  }
  return { method: { rounds, turns, node: version }, rows };
}

async function measureProcess(cell, node, turns, onTurn) {
  const { applications, node: version, stop } = await openApplications(WAYS, cell, node);
  try {
    const ratios = Object.fromEntries(COMPARED.map((way) => [way, []]));
    for (let turn = 1 - WARM_UP; turn <= turns; turn += 1) {
      onTurn(turn > 0 ? `turn ${turn} of ${turns}` : 'warming up');
      const cost = {};
      // Who comes first changes: what the machine does meanwhile favours nobody.
      for (const application of turn % 2 === 0 ? applications : applications.toReversed()) {
        cost[application.way] = (await application.turn(1)).cpu;
      }
      if (turn > 0) for (const way of COMPARED) ratios[way].push(cost[STORAGE] / cost[way]);
    }
    return { ratios, node: version };
  } finally {
    await stop();
  }
}
