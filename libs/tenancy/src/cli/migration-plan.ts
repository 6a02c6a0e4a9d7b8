import type { TenantMigrationStatus } from '../schemas/migrations/tenant-migrations-report.js';
import { TenancyCommandError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import { isInOrder } from './commands/status.js';
import { EXIT } from './exit-code.js';
import type { Outcome } from './outcome.js';
import { tenants as numberOf } from './output/numbers.js';

/** What `migrate` would do. */
export function plannedMigrations(found: readonly TenantMigrationStatus[], tenants: readonly Tenant[]): Outcome {
  const todo = found.filter(({ pending }) => pending.length > 0);
  return planOf(
    found,
    tenants,
    'migrate',
    todo.map((status) => [status, status.pending] as const),
  );
}

/** What `revert` would do. */
export function plannedRevert(
  found: readonly TenantMigrationStatus[],
  tenants: readonly Tenant[],
  wanted: string | undefined,
): Outcome {
  const last = found.flatMap(({ executed, unknown }) => executed.slice(-1).filter((name) => !unknown.includes(name)));
  const name = wanted ?? last.sort((a, b) => timestampOf(b) - timestampOf(a))[0];
  if (name === undefined) throw new TenancyCommandError('None of these tenants has a migration to revert.');
  const todo = found.filter(({ state, executed }) => isSound(state) && executed.at(-1) === name);
  return planOf(
    found,
    tenants,
    'revert',
    todo.map((status) => [status, [name]] as const),
  );
}

const isSound = (state: string): boolean => state === 'current' || state === 'pending';

/** As TypeORM orders migrations. */
const timestampOf = (name: string): number => Number.parseInt(name.slice(-13), 10);

function planOf(
  found: readonly TenantMigrationStatus[],
  tenants: readonly Tenant[],
  verb: 'migrate' | 'revert',
  todo: ReadonlyArray<readonly [TenantMigrationStatus, readonly string[]]>,
): Outcome {
  const wrong = found.filter((status, at) => !isSound(status.state) && !isInOrder(status, tenants[at]));
  return {
    exitCode: wrong.length > 0 ? EXIT.findings : EXIT.done,
    document: {
      dryRun: true,
      todo: todo.map(([{ tenantId, schema, database }, migrations]) => ({ tenantId, schema, database, migrations })),
      unusable: wrong.map(({ tenantId, schema, database, state }) => ({ tenantId, schema, database, state })),
    },
    lines: [
      `Would ${verb} ${numberOf(todo.length)} of ${found.length}. Nothing was done.`,
      ...todo.map(([{ tenantId, schema }, migrations]) => `  ${tenantId} (${schema}): ${migrations.join(', ')}`),
      ...wrong.map(({ tenantId, schema, state }) => `  ${tenantId} (${schema}) is ${state}: it would be left alone`),
    ],
  };
}
