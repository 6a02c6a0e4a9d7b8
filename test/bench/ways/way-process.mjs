// One way in a process of its own: it does what its parent says when it is its turn.
import { answerCalls } from '../process/answer-calls.mjs';
import { benchTenants } from '../server/bench-tenants.mjs';
import { openDataSourcePerTenant } from './data-source-per-tenant.mjs';
import { createDraw } from './draw.mjs';
import { openNestjsTenancy, openPrepared, openWithoutAffinity } from './nestjs-tenancy.mjs';
import { openPlain, openPlainInContext } from './plain.mjs';
import { openSet, openSetAndReset } from './set-search-path.mjs';
import { warmUpCount } from './warm-up.mjs';
import { work } from './work.mjs';

const OPEN = {
  plain: openPlain,
  context: openPlainInContext,
  'nestjs-tenancy': openNestjsTenancy,
  prepare: openPrepared,
  'no-affinity': openWithoutAffinity,
  set: openSet,
  'set-reset': openSetAndReset,
  'data-source': openDataSourcePerTenant,
};
const OPERATIONS = ['read', 'transaction'];
const PROVEN_TENANTS = 50;

let way;
let tables;
let tenants = [];

/** Throws where the row is not the tenant's own. */
async function perform(operation, tenant, table) {
  const owner = await way[operation](tenant, table);
  const expected = way.ownerOf?.(tenant) ?? tenant.id;
  if (owner !== expected) throw new Error(`${expected} was given a row of ${owner}.`);
}

answerCalls({
  open: async (options) => {
    ({ tables } = options);
    way = await OPEN[options.way](options);
  },

  know: async (count) => {
    tenants = benchTenants(count);
    await way.know?.(tenants);
  },

  /** Every operation on every table of a sample of the tenants, all at once. */
  prove: async () => {
    const step = Math.max(1, Math.floor(tenants.length / PROVEN_TENANTS));
    const sample = tenants.filter((_, n) => n % step === 0);
    const all = OPERATIONS.flatMap((operation) =>
      sample.flatMap((tenant) => Array.from({ length: tables }, (_, table) => [operation, tenant, table])),
    );
    await Promise.all(all.map(([operation, tenant, table]) => perform(operation, tenant, table)));
  },

  /** Neighbours in time are different tenants: one that has several statements under way spreads over connections. */
  warmUp: async ({ operation, most }) => {
    const { length } = tenants;
    const count = warmUpCount({ operation, tenants: length, tables, most });
    const tableOf = (n) => Math.floor(n / length) % tables;
    await work((n) => (n < count ? () => perform(operation, tenants[n % length], tableOf(n)) : undefined));
  },

  /** Operations a second, how many there were, and the time that this process was at work for them, in microseconds. */
  run: async ({ operation, draw: kind, seconds, seed }) => {
    const draw = createDraw(kind, tenants.length, seed);
    const before = process.cpuUsage();
    const start = performance.now();
    const end = start + seconds * 1_000;
    const done = await work((n) =>
      performance.now() < end ? () => perform(operation, tenants[draw()], n % tables) : undefined,
    );
    const rate = done / ((performance.now() - start) / 1_000);
    const { user, system } = process.cpuUsage(before);
    return { rate, done, cpu: user + system };
  },
});
