const usual = { network: 'loopback', draw: 'uniform' };
const remote = { network: 'remote', draw: 'uniform' };
const LIBRARY = 'nestjs-tenancy';

/** What the library is to reach: at least this ratio to another way. */
export const TARGETS = [
  { ...usual, operation: 'read', tenants: 1, way: LIBRARY, to: 'plain', atLeast: 0.96 },
  { ...usual, operation: 'transaction', tenants: 1, way: LIBRARY, to: 'plain', atLeast: 0.97 },
  { ...usual, operation: 'read', tenants: 100, way: 'prepare', to: 'plain', atLeast: 1.1 },
  { ...usual, operation: 'read', tenants: 1_000, way: LIBRARY, to: 'plain', atLeast: 0.8 },
  { ...usual, operation: 'read', tenants: 1_000, way: LIBRARY, to: 'set', atLeast: 1.4 },
  { ...usual, operation: 'transaction', tenants: 1_000, way: LIBRARY, to: 'plain', atLeast: 0.95 },
  { ...usual, operation: 'read', tenants: 5_000, way: LIBRARY, to: 'plain', atLeast: 0.6 },
  { ...usual, operation: 'read', tenants: 5_000, way: LIBRARY, to: 'data-source', atLeast: 1.1 },
  { ...remote, operation: 'read', tenants: 100, way: LIBRARY, to: 'plain', atLeast: 0.97 },
  { ...remote, operation: 'transaction', tenants: 100, way: LIBRARY, to: 'plain', atLeast: 1.25 },
  { ...remote, operation: 'read', tenants: 1_000, way: LIBRARY, to: 'plain', atLeast: 0.97 },
  { ...remote, operation: 'transaction', tenants: 1_000, way: LIBRARY, to: 'plain', atLeast: 1.25 },
];

/** The targets that the rows can tell of, with what was measured. */
export function checkTargets(rows) {
  return TARGETS.flatMap((target) => {
    const row = rows.find((candidate) =>
      ['network', 'draw', 'operation', 'tenants'].every((name) => candidate[name] === target[name]),
    );
    const own = row?.ratios[target.way];
    const other = target.to === 'plain' ? 1 : row?.ratios[target.to];
    if (own === undefined || other === undefined) return [];
    const measured = Number((own / other).toFixed(2));
    return [{ ...target, measured, isReached: measured >= target.atLeast }];
  });
}
