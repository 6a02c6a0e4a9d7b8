import type { Command } from 'commander';
import type { TenantDrift, TenantSchemaDifference } from '../../schemas/migrations/tenant-migrations-report.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import { needsNoSchema } from '../needs-no-schema.js';
import { errorDocument } from '../output/error-report.js';
import { duration, tenants as numberOf } from '../output/numbers.js';
import type { SelectionOptions } from '../selection.js';
import { selected, withSelection } from '../selection.js';

export function addDrift(program: Command, runner: CommandRunner): void {
  withSelection(
    program
      .command('drift')
      .description("compare what is in the tenants' schemas with what the migrations make that ran there"),
    'all',
  )
    .addHelpText(
      'after',
      examples('tenancy drift', 'tenancy drift --server eu', 'tenancy drift --json > drift.json') +
        '\nExits with 1 where a tenant differs, and names its table and column. The migrations run in a schema of no tenant,\n' +
        'which is rolled back.',
    )
    .action(
      runner.action<SelectionOptions>(async (session, chosen) => {
        const tenants = await selected(session.tenants, session.options, chosen);
        const { TenantMigrations } = await import('../../schemas/migrations/tenant-migrations.js');
        const report = await session.inDatabase(TenantMigrations).drift({ tenants });
        const wrong = report.tenants.filter(
          ({ state }, at) => state !== 'same' && !(state === 'missing' && needsNoSchema(tenants[at])),
        );
        const all = numberOf(tenants.length);
        const took = duration(report.duration);
        return {
          exitCode: wrong.length > 0 ? EXIT.findings : EXIT.done,
          document: { tenants: report.tenants.map(documentOf), drifted: wrong.length, duration: report.duration },
          lines: [
            wrong.length === 0
              ? `No drift: ${all} looked at in ${took}.`
              : `Of ${all}, ${wrong.length} not as the migrations make ${wrong.length === 1 ? 'it' : 'them'} (${took}):`,
            ...wrong.flatMap(linesOf),
          ],
        };
      }),
    );
}

function documentOf({ error, ...drift }: TenantDrift): object {
  return { ...drift, ...(error && { error: errorDocument(error) }) };
}

function linesOf({ tenantId, schema, state, differences, error }: TenantDrift): string[] {
  const reason = error ? `: ${error.message}` : '';
  return [`${tenantId} (${schema}) ${state}${reason}`, ...differences.map((one) => `  ${differenceOf(one)}`)];
}

function differenceOf({ kind, object, part, what, expected, actual }: TenantSchemaDifference): string {
  const facts = [expected && `expected ${expected}`, actual && `found ${actual}`].filter(Boolean).join('; ');
  return `${kind} ${object}${part === undefined ? '' : `.${part}`} is ${what}${facts && `: ${facts}`}`;
}
