import fc from 'fast-check';
import { OPERATIONS } from './operations/index.mjs';
import { USER_IDS } from './owners.mjs';

const AT_ONCE = 6;

// Somebody else than `who`, as a number of steps from it.
const someone = fc.record({ who: fc.nat(USER_IDS.length - 1), step: fc.integer({ min: 1, max: USER_IDS.length - 1 }) });

const operations = OPERATIONS.map(({ name, weight, parameters }) => ({
  weight: Math.round(weight * 100),
  arbitrary: fc.tuple(someone, fc.record(parameters), fc.nat(2)).map(([{ who, step }, own, pause]) => ({
    name,
    who: USER_IDS[who],
    other: USER_IDS[(who + step) % USER_IDS.length],
    pause,
    ...own,
  })),
}));

const user = fc.array(fc.oneof(...operations), { maxLength: 20, size: 'max' });

/**
 * Batches, one after the other; in each, several users work at once, each through a list of operations, over fewer
 * connections than there are users.
 */
export const anyCase = fc.record({
  poolSize: fc.integer({ min: 2, max: 3 }),
  shared: fc.boolean(),
  isolation: fc.constantFrom('schema', 'role'),
  cached: fc.boolean(),
  // Far more than a statement takes.
  statementTimeout: fc.constantFrom(undefined, 20_000),
  isPlaced: fc.boolean(),
  affinity: fc.boolean(),
  // Few: they are dropped and made anew all the time.
  prepare: fc.constantFrom(false, { max: 2 }, { max: 20 }),
  perTenant: fc.option(fc.integer({ min: 1, max: 2 }), { freq: 3 }),
  batches: fc.array(
    fc.record({
      killIdle: fc.integer({ max: 9, min: 0 }).map((n) => n === 9),
      users: fc.tuple(...Array.from({ length: AT_ONCE }, () => user)),
    }),
    {
      minLength: 1,
      maxLength: 8,
      size: 'max',
    },
  ),
});

/** A case as a person reads it. */
export function describeCase({ batches, ...options }) {
  const { poolSize, perTenant, shared, isolation, cached, statementTimeout, isPlaced, affinity, prepare } = options;
  const setting = [
    `a pool of ${poolSize}`,
    perTenant && `${perTenant} of them for one tenant at most`,
    shared && 'a schema that all share',
    isolation === 'role' && 'a role for each tenant',
    cached && 'a cache of results',
    statementTimeout && 'a time limit for statements',
    isPlaced && 'globex and initech on a server of their own',
    affinity && 'with affinity',
    prepare && `at most ${prepare.max} prepared statements`,
  ];
  const lines = [setting.filter(Boolean).join(', ')];
  for (const [at, { killIdle, users }] of batches.entries()) {
    lines.push(`batch ${at + 1}${killIdle ? ', before which all idle connections are killed' : ''}`);
    for (const [number, list] of users.filter((list) => list.length > 0).entries()) {
      lines.push(`  user ${number + 1}`);
      for (const operation of list) lines.push(`    ${describeOperation(operation)}`);
    }
  }
  return lines.join('\n');
}

export function describeOperation({ name, who, ...rest }) {
  const details = Object.entries(rest).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `${who}: ${name} { ${details.join(', ')} }`;
}
