// What a tenant is after moves between two servers under load, most of which were killed; see --help.
//
//   npm run prove:move -- --kills 10 --seed 1
import { parseArgs } from 'node:util';
import { queryOnce } from '../bench/server/query-once.mjs';
import { findings, placesOf, sumsOf } from './move/findings.mjs';
import { runMover } from './move/run-mover.mjs';
import { openService, REGISTRY } from './move/service.mjs';
import { openTwoServers } from './move/two-servers.mjs';
import { Writers } from './move/writers.mjs';
import { createProgress } from './support/progress.mjs';
import { pick, randomNumbers } from './support/random.mjs';
import { wholeNumber } from './support/whole-number.mjs';

const HELP = `npm run prove:move -- [--kills N] [--rows N] [--writers N] [--seed N] [--no-controls] [--json]

Moves a tenant between two PostgreSQL servers while clients write to it through the library's repositories: once undisturbed,
which is measured; then in processes that are killed with -9 at random moments, and run again or undone, until so many were
killed; then once more. In the end every write that was acknowledged has to be there, once, and none that was refused; both servers
have to have the same rows, and after the confirmation only one has any. Three faulty versions of the library have to be seen: one
that refuses no write, and one that loses a row, with the comparison and without.

  --kills N        moves to kill (10)
  --rows N         rows that are there before (20,000)
  --writers N      clients (4)
  --seed N         the same choice of moments (a random one)
  --no-controls    without the faulty versions
  --json           the results as JSON

TEST_DATABASE_URL names the first server, as a superuser; without it an embedded PostgreSQL 18 is started, as the second one always
is. Exits with 1 where a count is not 0 that has to be, or a faulty version is not seen.`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '10' },
    rows: { type: 'string', default: '20000' },
    writers: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    'no-controls': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const [kills, rows, writerCount, seed] = ['kills', 'rows', 'writers', 'seed'].map((name) => wholeNumber(values, name));
const progress = createProgress();
/** The moments after which a mover is killed. */
const EVENTS = ['ready', 'checked', 'prepared', 'frozen', 'copied', 'compared', 'placed'];
const MAX_DELAY = 30;

const { databases, stop } = await openTwoServers();
try {
  const result = await prove();
  progress.clear();
  console.log(values.json ? JSON.stringify(result, undefined, 2) : asText(result));
  process.exitCode = result.held ? 0 : 1;
} finally {
  await stop();
}

async function prove() {
  await queryOnce(databases.default.url, REGISTRY);
  const moved = await underLoad(killMoves);
  const counts = [moved.lost, moved.twice, moved.refusedButThere, moved.miscounted, moved.differing, moved.failures];
  const held = counts.every((count) => count === 0) && moved.places === 1;
  const result = {
    seed,
    servers: Object.values(databases).map(({ version }) => version),
    ...moved,
    held,
  };
  if (values['no-controls']) return result;
  const controls = {
    'writes lost where none is refused': (await underLoad(moveBroken('without freezing'))).lost,
    'a lost row is found, and the move undone': (await underLoad(moveBroken('a row is lost'))).isRefused,
    'a lost row is seen here where nobody compares': (await underLoad(moveBroken('a row is lost, without comparing')))
      .differing,
  };
  const areSeen = Object.values(controls).every((seen) => seen === true || seen > 0);
  return { ...result, controls, held: held && areSeen };
}

/** A tenant on the first server, with rows, and clients who write. What the work finds is told, and the tenant erased. */
async function underLoad(work) {
  const service = await openService(databases);
  let writers;
  try {
    await queryOnce(
      databases.default.url,
      `DELETE FROM public.tenants; INSERT INTO public.tenants (id, name, schema, status) VALUES ('acme', 'Acme', 't_acme', 'active')`,
    );
    await service.schemas.create({ id: 'acme', schema: 't_acme' });
    await queryOnce(
      databases.default.admin,
      `INSERT INTO t_acme.notes (key, body) SELECT 'old ' || n, repeat('x', 100) FROM generate_series(1, ${rows}) AS n;
       INSERT INTO t_acme.counters SELECT n, 0 FROM generate_series(1, ${writerCount}) AS n`,
    );
    writers = new Writers(service, writerCount);
    return await work(service, writers);
  } finally {
    await writers?.end();
    await service.close();
    for (const { admin } of Object.values(databases)) await queryOnce(admin, 'DROP SCHEMA IF EXISTS t_acme CASCADE');
  }
}

async function killMoves(service, writers) {
  const random = randomNumbers(seed);
  const places = ['default', 'eu'];
  let here = 0;
  const options = () => ({ databases, to: places[1 - here] });
  progress.show('the first move');
  const { last } = await runMover(options());
  if (last.type !== 'report') throw new Error(last.message);
  progress.show('moved once');
  const measured = last.report;
  here = 1;
  await settled(writers);
  const seenRefused = writers.takeRefusedTime();
  await service.moves.confirm('acme');

  const outcomes = {};
  for (let killed = 0; killed < kills;) {
    const kill = { after: pick(random, EVENTS), milliseconds: random() * MAX_DELAY };
    const { isKilled } = await runMover(options(), kill);
    if (isKilled) killed += 1;
    const { state, database } = await service.moves.status('acme');
    outcomes[`${isKilled ? 'killed' : 'ended'} ${state}`] =
      (outcomes[`${isKilled ? 'killed' : 'ended'} ${state}`] ?? 0) + 1;
    progress.show(`${killed} of ${kills} movers killed, the last one ${state}`);
    here = places.indexOf(database);
    if (state === 'moved') {
      // Who has not heard would look for what is dropped.
      await settled(writers);
      await service.moves.confirm('acme');
    }
    // Else the next one goes on.
    else if (random() < 0.5) await service.moves.undo('acme');
    await written(writers, state === 'settled' || state === 'moved');
  }
  await writers.pause();
  const final = await runMover(options());
  if (final.last.type !== 'report') throw new Error(final.last.message);
  const sums = await Promise.all(Object.values(databases).map(({ admin }) => sumsOf(admin)));
  const differing = Object.keys(sums[0]).filter((table) => sums[0][table] !== sums[1][table]).length;
  await service.moves.confirm('acme');
  const found = await findings(databases[places[1 - here]].admin, writers);
  return {
    rows: measured.rows,
    bytes: measured.bytes,
    seconds: seconds(measured.duration),
    secondsOfRefusedWrites: seconds(measured.refused),
    secondsOfRefusedWritesAsClientsSawThem: seconds(seenRefused),
    killed: kills,
    outcomes,
    acknowledged: writers.acknowledged.size,
    refused: writers.refused.size,
    ...found,
    differing,
    failures: writers.failures.size,
    ...(writers.failures.size > 0 && { failuresWere: Object.fromEntries(writers.failures) }),
    places: await placesOf(databases),
  };
}

/** One move by a faulty version. */
function moveBroken(fault) {
  return async (service, writers) => {
    await written(writers, true);
    const { last } = await runMover({ databases, to: 'eu', fault });
    if (last.type === 'error') return { isRefused: last.left === 'unchanged' };
    await settled(writers);
    await writers.pause();
    const { lost } = await findings(databases.eu.admin, writers);
    const [{ count }] = await queryOnce(
      databases.eu.admin,
      `SELECT ${rows} - count(*)::int AS count FROM t_acme.notes WHERE key LIKE 'old %'`,
    );
    return { lost, differing: count };
  };
}

/** Waits until the clients' own service has heard of a move: somebody has written since. */
async function settled(writers) {
  await written(writers, true);
}

/** Waits until so many more writes were answered. */
async function written(writers, isWritable) {
  const answered = () => (isWritable ? writers.acknowledged.size : writers.acknowledged.size + writers.refused.size);
  const from = answered();
  while (answered() < from + 2 * writerCount) await new Promise((resolve) => setTimeout(resolve, 5));
}

function asText(result) {
  return Object.entries(result)
    .map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join('\n');
}

function seconds(milliseconds) {
  return Number((milliseconds / 1_000).toFixed(2));
}
