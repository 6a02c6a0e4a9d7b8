import type { Command } from 'commander';
import { serverOf } from '../../schemas/migrations/fleet.js';
import type { Tenant } from '../../tenants/tenant.js';
import { TenantNotFoundError } from '../../tenancy.errors.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import { masked } from '../masked.js';

export function addShow(tenants: Command, runner: CommandRunner): void {
  tenants
    .command('show')
    .description('show what the registry knows of a tenant; secrets are not printed')
    .argument('<id>', 'the tenant')
    .addHelpText('after', examples('tenancy tenants show acme', 'tenancy tenants show acme --json'))
    .action(
      runner.action(async ({ tenants: service, options }, _options, [id]) => {
        const tenant = await service.findTenant(id);
        if (!tenant) throw new TenantNotFoundError(id);
        const shown: Tenant = {
          ...tenant,
          database: serverOf(tenant),
          config: masked(tenant.config, options.config) as Tenant['config'],
          metadata: masked(tenant.metadata) as Tenant['metadata'],
        };
        return { exitCode: EXIT.done, document: shown, lines: linesOf(shown) };
      }),
    );
}

function linesOf(tenant: Tenant): string[] {
  const { id, name, status, plan, database = 'default', schema, domains, config, metadata } = tenant;
  const facts = { id, name, status, plan, server: database, schema, domains: domains.join(', ') || '–' };
  return [
    ...Object.entries(facts).map(([key, value]) => `${key.padEnd(10)}${value}`),
    ...settings('config', config),
    ...settings('metadata', metadata),
  ];
}

function settings(title: string, values: Readonly<Record<string, unknown>>): string[] {
  const lines = Object.entries(values).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
  return lines.length > 0 ? [title, ...lines] : [];
}
