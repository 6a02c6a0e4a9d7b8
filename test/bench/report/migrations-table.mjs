import { align } from './align.mjs';
import { number, time } from './units.mjs';
import { wrap } from './wrap.mjs';

/** What the fourth column is. */
export const WORK = 'at work for a tenant, here + in the server';

/** Rows of what many tenants take, the same for a terminal and for the README. */
export function migrationRows({ method, seconds, ratios, work, create, nothingPending, drift }) {
  const row = (name, milliseconds, ratio = '', way) => [
    name,
    time(milliseconds),
    ratio,
    ...(work ? [way ? `${work[way].own.toFixed(1)} + ${work[way].server.toFixed(1)} ms` : ''] : []),
  ];
  return [
    row('this library', seconds.library * 1_000, '1', 'library'),
    row(
      `a DataSource per tenant, ${method.parallel} at once`,
      seconds.parallel * 1_000,
      ratios.parallel.toFixed(1),
      'parallel',
    ),
    row('a DataSource per tenant, one after the other', seconds.serial * 1_000, ratios.serial.toFixed(1), 'serial'),
    row('nothing pending', nothingPending),
    row('drift of all, a column dropped in one', drift.changed),
    row('creating one tenant, median', create.median),
    ...(create.ready === undefined ? [] : [row('the same with a ready schema', create.ready)]),
  ];
}

export const migrationsTitle = ({ method: { tenants, tables, pending } }) =>
  `${number(tenants)} tenants of ${tables} tables with ${pending} pending migrations; the ways take turns, each with tenants of ` +
  'its own.';

/** What it takes to migrate many tenants, for a terminal. */
export const formatMigrations = (result) =>
  [
    wrap(migrationsTitle(result)),
    '',
    ...align([['', 'time', 'ratio', ...(result.work ? [WORK] : [])], ...migrationRows(result)]),
  ].join('\n');
