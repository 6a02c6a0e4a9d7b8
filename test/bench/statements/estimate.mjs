import { warmUpCount } from '../ways/warm-up.mjs';
import { WAYS } from '../ways/ways.mjs';
import { TABLES } from './cells.mjs';

/** Operations a second while a way warms up, on average over the ways. */
const RATE = {
  loopback: { read: 3_500, transaction: 1_500 },
  remote: { read: 2_500, transaction: 900 },
};

/** About how long the parts of a run take, in seconds, for the progress to tell the time that is left. */
export const ESTIMATE = {
  /** To build a tenant's tables. */
  tenant: 0.004,
  /** To open a tenant, on average over the ways. */
  open: 0.001,
  proof: 0.3,
  warmUp: ({ network, tenants, operation }, { warmUp: most }) => {
    const count = warmUpCount({ operation, tenants, tables: TABLES, most });
    return count / RATE[network][operation];
  },
};

export function estimateRun(stages, options) {
  const { ways = Object.keys(WAYS), rounds, seconds } = options;
  const tenants = Math.max(...stages.map((stage) => stage.tenants)) * ESTIMATE.tenant;
  const stage = ({ network, tenants: count, cells }) => {
    const operations = new Set(cells.map(({ operation }) => operation));
    const warmUps = [...operations].map((operation) =>
      ESTIMATE.warmUp({ network, tenants: count, operation }, options),
    );
    const turns = cells.length * (rounds + 1) * seconds;
    return ways.length * (count * ESTIMATE.open + ESTIMATE.proof + sum(warmUps) + turns);
  };
  return tenants + sum(stages.map(stage));
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
