import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { serverOf } from '../../schemas/migrations/fleet.js';
import type { Tenant, TenantStatus } from '../../tenants/tenant.js';
import { TENANT_STATUSES } from '../../tenants/tenant.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import { tenants as numberOf } from '../output/numbers.js';
import { table } from '../output/table.js';
import type { SelectionOptions } from '../selection.js';
import { listed, selected, withSelection } from '../selection.js';

interface ListOptions extends SelectionOptions {
  readonly status?: readonly TenantStatus[];
}

export function addList(tenants: Command, runner: CommandRunner): void {
  withSelection(tenants.command('list').description('list the tenants that the registry knows'), 'all')
    .option('--status <statuses>', `those of these statuses: ${TENANT_STATUSES.join(', ')}`, statuses)
    .addHelpText('after', examples('tenancy tenants list', 'tenancy tenants list --status suspended --json'))
    .action(
      runner.action<ListOptions>(async ({ tenants: service, options }, { status, ...chosen }) => {
        const found = await selected(service, options, chosen, status);
        return {
          exitCode: EXIT.done,
          document: { tenants: found.map(summaryOf) },
          lines: [
            ...table(
              ['ID', 'STATUS', 'PLAN', 'SERVER', 'SCHEMA', 'NAME'],
              found.map((one) => [one.id, one.status, one.plan, serverOf(one), one.schema, one.name]),
            ),
            numberOf(found.length),
          ],
        };
      }),
    );
}

function summaryOf(tenant: Tenant): object {
  const { id, name, status, plan, schema, domains } = tenant;
  return { id, name, status, plan, database: serverOf(tenant), schema, domains };
}

function statuses(text: string, before?: readonly string[]): readonly TenantStatus[] {
  const named = listed(text, before);
  const wrong = named.find((one) => !(TENANT_STATUSES as readonly string[]).includes(one));
  if (wrong === undefined) return named as TenantStatus[];
  throw new InvalidArgumentError(`${JSON.stringify(wrong)} is none of ${TENANT_STATUSES.join(', ')}.`);
}
