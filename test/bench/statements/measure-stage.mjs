import { median, quantile, rounded } from '../report/statistics.mjs';
import { PLAIN } from '../ways/ways.mjs';
import { describeCell, describeLoad } from './cells.mjs';
import { ESTIMATE } from './estimate.mjs';

/** The rows of one number of tenants over one network. Each way first proves that it reads the right rows. */
export async function measureStage(bench, stage, options, progress) {
  const { ways } = bench;
  const eachWay = async (what, seconds, method, argument) => {
    for (const [name, way] of Object.entries(ways)) {
      progress.begin(`${what}: ${describeLoad(stage)}`, name);
      await way.call(method, argument);
      progress.advance(seconds);
    }
  };
  await eachWay('opening', stage.tenants * ESTIMATE.open, 'know', stage.tenants);
  await eachWay('proving', ESTIMATE.proof, 'prove');
  const rows = [];
  let warm;
  for (const cell of stage.cells) {
    const { operation } = cell;
    if (operation !== warm) {
      await eachWay('warming up', ESTIMATE.warmUp(cell, options), 'warmUp', { operation, most: options.warmUp });
      warm = operation;
    }
    rows.push({ ...cell, ...compare(await measureCell(bench, cell, options, progress)) });
  }
  return rows;
}

/** Of each way in each round: operations a second, and microseconds at work for each, in its process and in the server. */
async function measureCell({ ways, readServerCpu }, cell, { rounds, seconds }, progress) {
  const names = Object.keys(ways);
  const turns = Object.fromEntries(names.map((name) => [name, []]));
  // The first round is not counted: it warms up what the last cell did not use.
  for (let round = 0; round <= rounds; round += 1) {
    progress.begin(describeCell(cell), `round ${round} of ${rounds}`);
    for (const name of rotate(names, round)) {
      const before = await readServerCpu?.();
      const { rate, done, cpu } = await ways[name].call('run', { ...cell, seconds, seed: round });
      const server = before === undefined ? undefined : ((await readServerCpu()) - before) / done;
      if (round > 0) turns[name].push({ rate, client: cpu / done, server });
      progress.advance(seconds);
    }
  }
  return turns;
}

/** The median of the rounds' ratios: a round in which the machine was slow was slow for all. */
function compare(turns) {
  const ratios = {};
  const quartiles = {};
  const microseconds = {};
  for (const [name, own] of Object.entries(turns)) {
    const of = (what) => rounded(median(own.map((turn) => turn[what])), 1);
    microseconds[name] = { client: of('client'), ...(own[0].server !== undefined && { server: of('server') }) };
    if (name === PLAIN) continue;
    const all = own.map(({ rate }, round) => rate / turns[PLAIN][round].rate);
    ratios[name] = rounded(median(all));
    quartiles[name] = [rounded(quantile(all, 0.25)), rounded(quantile(all, 0.75))];
  }
  const plainPerSecond = Math.round(median(turns[PLAIN].map(({ rate }) => rate)));
  return { plainPerSecond, ratios, quartiles, microseconds };
}

function rotate(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
