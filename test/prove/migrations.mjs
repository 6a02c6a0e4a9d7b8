// What a migration of many tenants that is killed over and over leaves behind; see --help.
//
//   npm run prove:migrations -- --kills 20 --tenants 200 --seed 1
import { parseArgs } from 'node:util';
import { openLibrary } from '../bench/migrations/ways.mjs';
import { benchTenants } from '../bench/server/bench-tenants.mjs';
import { openPostgres } from '../bench/server/postgres.mjs';
import { queryOnce } from '../bench/server/query-once.mjs';
import { openTenantsDatabase } from '../bench/server/tenants-database.mjs';
import { countedMigrations } from './migrations/counted-migrations.mjs';
import { killRuns } from './migrations/kill-runs.mjs';
import { createProgress } from './support/progress.mjs';
import { randomNumbers } from './support/random.mjs';
import { wholeNumber } from './support/whole-number.mjs';

const HELP = `npm run prove:migrations -- [--kills N] [--tenants N] [--seed N] [--json]

Migrates tenants in a process that is killed with -9 at random moments, and begun again, until it was killed so often. Then
every tenant has to be at the last migration, none may have run one twice, and no schema may differ from a fresh one.

  --kills N      runs to kill (20)
  --tenants N    schemas (200)
  --seed N       the same choice of moments and options (a random one)
  --json         the results as JSON

TEST_DATABASE_URL names a server, as a superuser; without it an embedded PostgreSQL 18 is started. Exits with 1 where a count
is not 0 that has to be.`;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    tenants: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const [kills, count, seed] = ['kills', 'tenants', 'seed'].map((name) => wholeNumber(values, name));
const progress = createProgress();
const server = await openPostgres();
try {
  const result = await prove(server.url);
  progress.clear();
  if (values.json) console.log(JSON.stringify(result, undefined, 2));
  else {
    console.log(
      Object.entries(result)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
    );
  }
  process.exitCode = result.held ? 0 : 1;
} finally {
  await server.stop();
}

async function prove(serverUrl) {
  const empty = { count: 0, tables: 0, keep: false, onProgress: () => undefined };
  const { url, admin, drop } = await openTenantsDatabase({ serverUrl, ...empty });
  try {
    await create(url);
    const { version, isFinished } = await killRuns({
      url,
      count,
      kills,
      random: randomNumbers(seed),
      onKill: (killed) => progress.show(`${killed} of ${kills} runs killed`),
    });
    return { seed, kills, tenants: count, migrations: version, ...(await findings(url, admin, version, isFinished)) };
  } finally {
    await drop();
  }
}

async function create(url) {
  const library = await openLibrary(url, benchTenants(count), countedMigrations(1));
  try {
    for (const [n, tenant] of benchTenants(count).entries()) {
      progress.show(`tenant ${n + 1} of ${count}`);
      await library.schemas.create(tenant);
    }
  } finally {
    await library.close();
  }
}

/** What is there in the end: what ran is counted in the tables that the migrations wrote to, not in TypeORM's. */
async function findings(url, admin, version, isFinished) {
  const library = await openLibrary(url, benchTenants(count), countedMigrations(version));
  try {
    const behind = (await library.migrations.status()).filter(({ state }) => state !== 'current').length;
    const drifted = (await library.migrations.drift()).drifted.length;
    let [twice, missing] = [0, 0];
    for (const { schema } of benchTenants(count)) {
      const rows = await queryOnce(admin, `SELECT migration, count(*)::int AS n FROM ${schema}.runs GROUP BY 1`);
      twice += rows.filter(({ n }) => n > 1).length;
      missing += version - rows.length;
    }
    const left = await queryOnce(admin, "SELECT FROM pg_namespace WHERE nspname LIKE 'tenancy%'");
    const counts = { behind, drifted, twice, missing, leftSchemas: left.length };
    return { held: isFinished && Object.values(counts).every((number) => number === 0), ...counts };
  } finally {
    await library.close();
  }
}
