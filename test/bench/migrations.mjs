// What it takes to migrate many tenants, beside a DataSource per tenant; see --help.
import { parseArgs } from 'node:util';
import { numberArgument, readOrRefuse } from './command-line.mjs';
import { measureMigrations } from './migrations/measure-migrations.mjs';
import { checkMigrationTargets } from './migrations/targets.mjs';
import { formatMigrations } from './report/migrations-table.mjs';
import { runParts } from './run-parts.mjs';

const TENANTS = 1_000;
const PARALLEL = 8;
const HELP = `npm run bench:migrations -- [--tenants ${TENANTS}] [--parallel ${PARALLEL}] [--json] [--out FILE]

How long it takes to migrate tenants of 5 tables with 3 pending migrations: with TenantMigrations, with a DataSource per
tenant one after the other, and with --parallel of those at once; where nothing is pending; to find a column that was dropped
by hand; to create a tenant, with a ready schema and without. The ways take turns. A run without options takes about 4
minutes, and keeps its figures in test/bench/results/database.json and in the library's README. TEST_DATABASE_URL names a
server, as a superuser; without it an embedded PostgreSQL 18 is started.`;

const options = readOrRefuse((args) => {
  const { values } = parseArgs({
    args,
    options: {
      tenants: { type: 'string', default: String(TENANTS) },
      parallel: { type: 'string', default: String(PARALLEL) },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const tenants = numberArgument('tenants', values.tenants, Number.isInteger);
  const parallel = numberArgument('parallel', values.parallel, Number.isInteger);
  return {
    ...values,
    tenants,
    parallel,
    isComplete: tenants >= TENANTS && parallel === PARALLEL,
    command: 'npm run bench:migrations',
  };
});
const migrations = { measure: measureMigrations, format: formatMigrations, targets: checkMigrationTargets };
if (options.help) console.log(HELP);
else await runParts({ migrations }, options);
