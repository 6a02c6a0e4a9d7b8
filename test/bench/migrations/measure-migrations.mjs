import { benchTenants } from '../server/bench-tenants.mjs';
import { queryOnce } from '../server/query-once.mjs';
import { serverCpu } from '../server/server-cpu.mjs';
import { openTenantsDatabase } from '../server/tenants-database.mjs';
import { Progress } from '../report/progress.mjs';
import { median, rounded } from '../report/statistics.mjs';
import { ALL, CREATE } from './fleet-migrations.mjs';
import { measureCreation } from './measure-creation.mjs';
import { Meter } from './meter.mjs';
import { migrateByDataSource, migrateByLibrary, openLibrary } from './ways.mjs';

/** Pieces of the fleet: the ways take turns, so that each meets the same moods of the machine. */
const ROUNDS = 5;
/** At most so many tenants are made one after the other, to see what one takes: half of them with ready schemas. */
const ALONE = 400;
/** Seconds a tenant takes about, for the progress: to be made, then each way in turn. */
const ESTIMATE = { create: 0.04, serial: 0.08, parallel: 0.05, library: 0.01 };

/** How long it takes to migrate so many tenants, with each way; each way has tenants of its own. */
export async function measureMigrations(serverUrl, { tenants: count, parallel }) {
  const groups = { serial: [], parallel: [], library: [] };
  const names = Object.keys(groups);
  const alone = Math.min(ALONE, 2 * count);
  const everybody = benchTenants(count * names.length + alone);
  const all = everybody.slice(0, count * names.length);
  for (const [n, tenant] of all.entries()) groups[names[n % names.length]].push(tenant);
  const progress = new Progress(
    alone * ESTIMATE.create + count * (3 * ESTIMATE.create + ESTIMATE.serial + ESTIMATE.parallel + ESTIMATE.library),
  );
  const database = await openTenantsDatabase({
    serverUrl,
    count: 0,
    tables: 0,
    keep: false,
    onProgress: () => undefined,
  });
  try {
    const { url } = database;
    progress.begin('creating tenants, one after the other');
    const create = await measureCreation(url, everybody.slice(all.length), () => progress.advance(ESTIMATE.create));
    await createAll(url, all, progress);
    await queryOnce(database.admin, 'VACUUM ANALYZE');
    const meter = new Meter(await serverCpu(serverUrl));
    for (let round = 0; round < ROUNDS; round += 1) {
      const part = (name) => groups[name].slice((count * round) / ROUNDS, (count * (round + 1)) / ROUNDS);
      const ways = {
        serial: () => meter.run('serial', () => migrateByDataSource(url, part('serial'), ALL, 1)),
        parallel: () => meter.run('parallel', () => migrateByDataSource(url, part('parallel'), ALL, parallel)),
        library: () => throughLibrary(url, part('library'), meter),
      };
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        progress.begin('migrating', `${name}, round ${round + 1} of ${ROUNDS}`);
        await ways[name]();
        progress.advance((count / ROUNDS) * ESTIMATE[name]);
      }
    }
    progress.begin('nothing pending, status and drift');
    return {
      method: { tenants: count, tables: 5, pending: 3, parallel, rounds: ROUNDS },
      seconds: meter.each(({ time }) => rounded(time / 1_000)),
      ratios: {
        serial: rounded(meter.of.serial.time / meter.of.library.time),
        parallel: rounded(meter.of.parallel.time / meter.of.library.time),
      },
      ...(meter.seesServer && {
        work: meter.each(({ own, server }) => ({ own: rounded(own / count), server: rounded(server / count) })),
      }),
      create,
      ...(await measureRest(url, groups.library, database.admin)),
    };
  } finally {
    progress.end();
    await database.drop();
  }
}

/** What it takes to start the module is no part of it: an application is running, or starts once. */
async function throughLibrary(url, tenants, meter) {
  const library = await openLibrary(url, tenants, ALL);
  try {
    await meter.run('library', () => migrateByLibrary(library));
  } finally {
    await library.close();
  }
}

async function createAll(url, tenants, progress) {
  const library = await openLibrary(url, tenants, [CREATE]);
  try {
    const left = [...tenants];
    const worker = async () => {
      for (let tenant = left.shift(); tenant; tenant = left.shift()) {
        progress.begin('creating', tenant.id);
        await library.schemas.create(tenant);
        progress.advance(ESTIMATE.create);
      }
    };
    await Promise.all(Array.from({ length: 4 }, worker));
  } finally {
    await library.close();
  }
}

async function measureRest(url, tenants, admin) {
  const library = await openLibrary(url, tenants, ALL);
  const { migrations } = library;
  const timed = async (work) => {
    const start = performance.now();
    const value = await work();
    return { milliseconds: rounded(performance.now() - start), value };
  };
  try {
    const pending = [];
    for (let n = 0; n < 5; n += 1) pending.push((await timed(() => migrateByLibrary(library))).milliseconds);
    const clean = await timed(() => migrations.drift());
    if (clean.value.drifted.length > 0) throw new Error('The migrated schemas differ from a fresh one.');
    const victim = tenants[Math.floor(tenants.length / 2)];
    await queryOnce(admin, `ALTER TABLE ${victim.schema}.messages DROP COLUMN "customerId"`);
    const drift = await timed(() => migrations.drift());
    const [found] = drift.value.drifted;
    if (found?.tenantId !== victim.id) throw new Error('The dropped column was not found.');
    return { nothingPending: median(pending), drift: { clean: clean.milliseconds, changed: drift.milliseconds } };
  } finally {
    await library.close();
  }
}
