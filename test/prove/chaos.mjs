// What a database that dies, restarts and stalls does to the data path, with two tenants at work all the while.
//
//   npm run prove:chaos -- --kills 1000 --seed 1 --json
//
// It starts a PostgreSQL of its own and leaves nothing behind. Every row that is read is checked for its owner, every
// commit that was acknowledged is looked for in the end. Exits with 1 where a count is not 0 that has to be.
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createChaosDatabase } from './chaos/chaos-database.mjs';
import { startChaosServer } from './chaos/chaos-server.mjs';
import { crashBackend, exhaustPool, replaceSystem } from './chaos/events.mjs';
import { watchProcess } from './chaos/faults.mjs';
import { killBackends } from './chaos/kill-backends.mjs';
import { Ledger } from './chaos/ledger.mjs';
import { Load } from './chaos/load.mjs';
import { lostConnections } from './chaos/pool-check.mjs';
import { countsOf, printTables } from './chaos/report.mjs';
import { runControl } from './chaos/run-control.mjs';
import { strike } from './chaos/strike.mjs';
import { openSystem } from './chaos/system.mjs';
import { createProgress } from './support/progress.mjs';
import { randomNumbers } from './support/random.mjs';
import { wholeNumber } from './support/whole-number.mjs';

const HELP = `npm run prove:chaos -- [--kills N] [--seed N] [--prepare] [--no-control] [--json]

  --kills N      server processes to end while they work (1000)
  --seed N       the same choice of operations and victims (a random one)
  --prepare      with statements that are kept prepared
  --no-control   leave out stock TypeORM, which has to fail
  --json         the results as JSON`;

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    prepare: { type: 'boolean', default: false },
    control: { type: 'boolean', default: true },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
  allowNegative: true,
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const kills = wholeNumber(options, 'kills');
const seed = wholeNumber(options, 'seed');
const started = performance.now();
const progress = createProgress();
const server = await startChaosServer();
try {
  const database = await createChaosDatabase(server.url);
  const world = {
    ...database,
    serverUrl: server.url,
    prepare: options.prepare,
    ledger: new Ledger(),
    random: randomNumbers(seed),
  };
  progress.show('stock TypeORM');
  const control = options.control ? await runControl(world, seed) : undefined;
  const results = await storm(world);
  progress.clear();
  const counts = countsOf(results);
  const held = Object.values(counts).every((count) => count === 0) && control?.uncaughtExceptions.length !== 0;
  const seconds = Math.round((performance.now() - started) / 1_000);
  if (options.json) console.log(JSON.stringify({ held, seed, kills, seconds, counts, ...results, control }, null, 2));
  else {
    printTables({ results, counts, control });
    console.log(`\n${held ? 'Held' : 'DID NOT HOLD'}, in ${seconds} s (--seed ${seed}).`);
  }
  process.exitCode = held ? 0 : 1;
} finally {
  await server.stop();
}

async function storm(world) {
  const faults = watchProcess();
  world.system = await openSystem(world);
  const load = new Load(world);
  const events = [];
  const experience = async (event, cause) => {
    progress.show(event);
    events.push(await strike(load, event, cause));
  };

  load.start();
  await experience(`${kills} server processes ended`, () => killBackends(world, kills));
  await experience('a server process killed with -9', () => crashBackend(world));
  await experience('once more', () => crashBackend(world));
  await experience('a restart', () => server.restart());
  await experience('a crash of the server', () => server.crash());
  await experience('no answer for 4 seconds', () => server.pause(4_000));
  await experience('all connections taken', () => exhaustPool(world));
  await load.stop();
  const lostInStorm = await lostConnections(world);

  load.start();
  await experience('destroy() and a new DataSource', () => replaceSystem(world));
  const failedBefore = load.failures.length;
  await delay(2_000);
  const failuresInCalm = load.failures.slice(failedBefore).map(({ text }) => text);
  progress.show('the end');
  await load.stop();
  const lostAfterwards = await lostConnections(world);
  await world.system.factory.destroy();
  return {
    events,
    operations: load.successes.length + load.failures.length,
    faults,
    wrongRows: load.wrongRows,
    ledger: world.ledger.compare(await world.storedEntries()),
    lostConnections: lostInStorm + lostAfterwards,
    unended: load.unended,
    failuresInCalm,
    unexpectedErrors: load.unexpected,
    expectedErrors: load.expected,
  };
}
