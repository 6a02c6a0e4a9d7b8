// Migrates all tenants of a prove, in a process of its own that may be killed at any moment. It prints a line for each tenant.
import { openLibrary } from '../../bench/migrations/ways.mjs';
import { benchTenants } from '../../bench/server/bench-tenants.mjs';
import { countedMigrations } from './counted-migrations.mjs';

const { url, count, version, options } = JSON.parse(process.argv[2]);
const library = await openLibrary(url, benchTenants(count), countedMigrations(version));
const report = await library.migrations.migrate({
  ...options,
  onEvent: ({ type }) => {
    if (type === 'finished') process.stdout.write('finished\n');
  },
});
await library.close();
if (!report.isComplete) {
  const failures = report.results.filter(({ error }) => error).map(({ error }) => error.message);
  console.error(failures.slice(0, 3).join('\n'));
  process.exitCode = 1;
}
