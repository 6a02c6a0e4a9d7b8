import { median, quantile, rounded } from '../report/statistics.mjs';
import { PLAIN } from '../ways/ways.mjs';
import { describeCell, describeLoad } from './cells.mjs';
import { ESTIMATE } from './estimate.mjs';

/** The rows of one number of tenants over one network. Each way first proves that it reads the right rows. */
export async function measureStage(ways, stage, options, progress) {
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
    rows.push({ ...cell, ...compare(await measureCell(ways, cell, options, progress)) });
  }
  return rows;
}

/** Operations a second of each way in each round. */
async function measureCell(ways, cell, { rounds, seconds }, progress) {
  const names = Object.keys(ways);
  const rates = Object.fromEntries(names.map((name) => [name, []]));
  // The first round is not counted: it warms up what the last cell did not use.
  for (let round = 0; round <= rounds; round += 1) {
    progress.begin(describeCell(cell), `round ${round} of ${rounds}`);
    for (const name of rotate(names, round)) {
      const rate = await ways[name].call('run', { ...cell, seconds, seed: round });
      if (round > 0) rates[name].push(rate);
      progress.advance(seconds);
    }
  }
  return rates;
}

/** The median of the rounds' ratios: a round in which the machine was slow was slow for all. */
function compare(rates) {
  const ratios = {};
  const quartiles = {};
  for (const [name, own] of Object.entries(rates)) {
    if (name === PLAIN) continue;
    const all = own.map((rate, round) => rate / rates[PLAIN][round]);
    ratios[name] = rounded(median(all));
    quartiles[name] = [rounded(quantile(all, 0.25)), rounded(quantile(all, 0.75))];
  }
  return { plainPerSecond: Math.round(median(rates[PLAIN])), ratios, quartiles };
}

function rotate(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
