import { WAYS } from '../ways/ways.mjs';
import { TABLES } from './cells.mjs';

/** About how long the parts of a run take, in seconds, for the progress to tell the time that is left. */
export const ESTIMATE = {
  /** To build a tenant's tables. */
  tenant: 0.004,
  /** To open a tenant, on average over the ways. */
  open: 0.001,
  proof: 0.3,
  warmUp: ({ tenants, operation }) => 0.5 + (tenants * TABLES) / (operation === 'read' ? 2_500 : 1_200),
};

export function estimateRun(stages, { ways = Object.keys(WAYS), rounds, seconds }) {
  const tenants = Math.max(...stages.map((stage) => stage.tenants)) * ESTIMATE.tenant;
  const stage = ({ tenants: count, cells }) => {
    const operations = new Set(cells.map(({ operation }) => operation));
    const warmUps = [...operations].map((operation) => ESTIMATE.warmUp({ tenants: count, operation }));
    const turns = cells.length * (rounds + 1) * seconds;
    return ways.length * (count * ESTIMATE.open + ESTIMATE.proof + sum(warmUps) + turns);
  };
  return tenants + sum(stages.map(stage));
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
