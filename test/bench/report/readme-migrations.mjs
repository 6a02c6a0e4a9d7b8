import { markdownTable } from './markdown-table.mjs';
import { migrationRows, migrationsTitle, WORK } from './migrations-table.mjs';
import { describeEnvironment } from './environment.mjs';
import { wrap } from './wrap.mjs';

/** What it takes to migrate many tenants, for the README. */
export function renderMigrations(result) {
  return [
    wrap(`Migrating ${migrationsTitle(result)} ${describeEnvironment(result.environment)}.`),
    markdownTable([['', 'time', 'times this library’s', ...(result.work ? [WORK] : [])], ...migrationRows(result)]),
  ];
}
