export const OPERATIONS = ['read', 'transaction'];
export const DRAWS = ['uniform', 'zipf'];
export const NETWORKS = ['loopback', 'remote'];

/** In each tenant's schema, used in turn. */
export const TABLES = 5;

/** What the proxy adds in each direction, in milliseconds. */
export const REMOTE_DELAY = 1;

const COMPLETE = { loopback: [1, 100, 1_000, 5_000], remote: [100, 1_000] };
const QUICK = { loopback: [1, 100, 1_000], remote: [100] };

/**
 * The stages of a run, each a network and a number of tenants that the ways are prepared for, with the cells of the table
 * that are measured in it. In ascending order: what a smaller number of tenants leaves behind is nothing to a larger one.
 */
export function planStages({ quick, tenants, operations = OPERATIONS, draws, networks }) {
  const counts = quick ? QUICK : COMPLETE;
  return (networks ?? NETWORKS).flatMap((network) => {
    // A number of tenants alone does not ask for it over every network.
    const wanted = networks
      ? tenants
      : tenants?.filter((count) => network === 'loopback' || counts[network].includes(count));
    return [...(wanted ?? counts[network])]
      .sort((a, b) => a - b)
      .map((count) => ({ network, tenants: count, cells: planCells({ network, count, operations, draws, quick }) }));
  });
}

function planCells({ network, count, operations, draws, quick }) {
  const usual = network === 'remote' || quick ? ['uniform'] : DRAWS;
  // Of one tenant there is only one way to draw.
  const applicable = count === 1 ? ['uniform'] : (draws ?? usual);
  return operations.flatMap((operation) => applicable.map((draw) => ({ network, tenants: count, draw, operation })));
}

export function describeCell({ network, tenants, draw, operation }) {
  return [operation, describeLoad({ network, tenants, draw })].join(', ');
}

/** The load of a cell without its operation. */
export function describeLoad({ network, tenants, draw }) {
  const count = `${tenants.toLocaleString('en')} ${tenants === 1 ? 'tenant' : 'tenants'}`;
  return [count, ...(draw === 'zipf' ? ['Zipf'] : []), ...(network === 'remote' ? ['2 ms away'] : [])].join(', ');
}
