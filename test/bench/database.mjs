// What a statement costs with each way to bind it to its tenant's schema, as a ratio to plain TypeORM on one schema.
//
//   npm run bench:database -- --tenants 1,100,1000 --rounds 9 --operations 2000 --out bench.json
//
// All ways take turns in each round, so that a machine that slows down slows all of them; a figure is the median of the
// rounds' ratios. Every read checks that its row is the tenant's own. TEST_DATABASE_URL names a server (as a superuser);
// without it an embedded PostgreSQL 18 is started.
import { writeFile } from 'node:fs/promises';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '../../apps/sandbox/dist/embedded-postgres.js';
import { createBenchDatabase } from './bench-database.mjs';
import { WAYS } from './ways.mjs';

const WORKERS = 16;
const { values: options } = parseArgs({
  options: {
    tenants: { type: 'string', default: '1,100,1000' },
    rounds: { type: 'string', default: '9' },
    operations: { type: 'string', default: '2000' },
    out: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log('npm run bench:database -- [--tenants 1,100,1000] [--rounds 9] [--operations 2000] [--out FILE]');
  process.exit(0);
}
const rounds = Number(options.rounds);
const operations = Number(options.operations);

const server = process.env.TEST_DATABASE_URL
  ? undefined
  : await startEmbeddedPostgres({
      directory: await mkdtemp(join(tmpdir(), 'nestjs-tenancy-bench-')),
      persistent: false,
    });
try {
  const results = [];
  for (const count of options.tenants.split(',').map(Number)) {
    results.push(...(await measure(count, process.env.TEST_DATABASE_URL ?? server.url)));
  }
  console.log(
    `\nMedian of ${rounds} rounds of ${operations} operations, ${WORKERS} at once over 10 connections; ratio to plain.\n`,
  );
  console.table(Object.fromEntries(results.map(({ name, ...row }) => [name, row])));
  if (options.out)
    await writeFile(options.out, JSON.stringify({ node: process.version, rounds, operations, results }, null, 2));
} finally {
  await server?.stop();
}

/** A row for reads and one for transactions. */
async function measure(count, serverUrl) {
  const database = await createBenchDatabase(serverUrl, count);
  const ways = {};
  for (const [name, open] of Object.entries(WAYS)) ways[name] = await open(database);
  const rows = [];
  try {
    for (const operation of ['read', 'transaction']) {
      const rates = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
      for (let round = -1; round < rounds; round += 1) {
        const turn = rotate(Object.keys(ways), Math.max(round, 0));
        for (const name of turn) {
          const rate = await run((tenant) => ways[name][operation](tenant), database.tenants);
          // The first round warms up connections, plans and the compiler.
          if (round >= 0) rates[name].push(rate);
        }
        process.stderr.write(`\r${count} tenants, ${operation}: round ${round + 1} of ${rounds} `);
      }
      rows.push({ name: `${operation}, ${count} tenants`, ...ratios(rates) });
    }
  } finally {
    for (const way of Object.values(ways)) await way.close();
    await database.drop();
  }
  return rows;
}

/** Operations a second. */
async function run(operation, tenants) {
  let left = operations;
  const start = performance.now();
  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      while (left-- > 0) {
        const tenant = tenants[Math.floor(Math.random() * tenants.length)];
        const owner = await operation(tenant);
        if (owner !== tenant.id) throw new Error(`${tenant.id} was given a row of ${owner}`);
      }
    }),
  );
  return operations / ((performance.now() - start) / 1_000);
}

function ratios(rates) {
  return Object.fromEntries(
    Object.entries(rates).map(([name, own]) => {
      if (name === 'plain') return ['plain, per second', Math.round(median(own))];
      return [name, Number(median(own.map((rate, round) => rate / rates.plain[round])).toFixed(2))];
    }),
  );
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function rotate(list, by) {
  const at = by % list.length;
  return [...list.slice(at), ...list.slice(0, at)];
}
