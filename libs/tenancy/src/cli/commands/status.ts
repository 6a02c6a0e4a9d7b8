import type { Command } from 'commander';
import type { TenantMigrationStatus } from '../../schemas/migrations/tenant-migrations-report.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import { errorDocument } from '../output/error-report.js';
import { count, tenants as numberOf } from '../output/numbers.js';
import { table } from '../output/table.js';
import type { SelectionOptions } from '../selection.js';
import { selected, withSelection } from '../selection.js';
import { needsNoSchema } from '../needs-no-schema.js';

interface StatusOptions extends SelectionOptions {
  readonly each?: boolean;
}

export function addStatus(program: Command, runner: CommandRunner): void {
  withSelection(
    program.command('status').description('say at which migration the tenants are, and what is pending'),
    'all',
  )
    .option('--each', 'a line for each tenant, not only for those that are not current')
    .addHelpText(
      'after',
      examples('tenancy status', 'tenancy status --tenant acme,globex --each', 'tenancy status --json') +
        '\nExits with 1 where a tenant is not current: for a check before a deploy.',
    )
    .action(
      runner.action<StatusOptions>(async (session, { each = false, ...chosen }) => {
        const tenants = await selected(session.tenants, session.options, chosen);
        const { TenantMigrations } = await import('../../schemas/migrations/tenant-migrations.js');
        const found = await session.inDatabase(TenantMigrations).status({ tenants });
        const wrong = found.filter((status, at) => !isInOrder(status, tenants[at]));
        return {
          exitCode: wrong.length > 0 ? EXIT.findings : EXIT.done,
          document: { counts: countsOf(found), tenants: found.map(documentOf) },
          lines: linesOf(found, each ? found : wrong),
        };
      }),
    );
}

export function isInOrder({ state }: TenantMigrationStatus, tenant: Tenant): boolean {
  return state === 'current' || (state === 'missing' && needsNoSchema(tenant));
}

function documentOf({ error, ...status }: TenantMigrationStatus): object {
  return { ...status, ...(error && { error: errorDocument(error) }) };
}

function countsOf(found: readonly TenantMigrationStatus[]): Record<string, number> {
  const counts: Record<string, number> = { current: 0, pending: 0, missing: 0, foreign: 0, unreadable: 0 };
  for (const { state } of found) counts[state] += 1;
  return counts;
}

function linesOf(found: readonly TenantMigrationStatus[], shown: readonly TenantMigrationStatus[]): string[] {
  const counts = Object.entries(countsOf(found)).filter(([, number]) => number > 0);
  const versions = new Map<string, number>();
  for (const { version = 'no migration' } of found) versions.set(version, (versions.get(version) ?? 0) + 1);
  const rows = shown.map(({ tenantId, state, version = '–', pending, unknown, error }) => [
    tenantId,
    state,
    version,
    error?.message ?? ([...pending, ...unknown.map((name) => `unknown: ${name}`)].join(', ') || '–'),
  ]);
  return [
    `${numberOf(found.length)}: ${counts.map(([state, number]) => `${count(number)} ${state}`).join(', ') || 'none'}`,
    ...[...versions].map(([version, number]) => `  ${count(number)} at ${version}`),
    ...(rows.length > 0 ? ['', ...table(['TENANT', 'STATE', 'AT', 'PENDING'], rows)] : []),
  ];
}
