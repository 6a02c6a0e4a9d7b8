import type { Command } from 'commander';
import { serverOptions } from '../database/server/tenant-database-servers.js';
import { selectTenants, serverOf } from '../schemas/migrations/fleet.js';
import type { TenancyModuleOptions } from '../tenancy-options.interface.js';
import { TenancyCommandError, TenantDatabaseUnknownError } from '../tenancy.errors.js';
import type { Tenant, TenantStatus } from '../tenants/tenant.js';
import type { TenantService } from '../tenants/tenant.service.js';

/** Which tenants a command is about. */
export interface SelectionOptions {
  readonly tenant?: readonly string[];
  readonly all?: boolean;
  readonly server?: readonly string[];
}

/** Adds the options that choose tenants. */
export function withSelection(command: Command, defaultsTo: 'all' | 'none'): Command {
  return command
    .option('-t, --tenant <ids>', 'these tenants, separated by commas', listed)
    .option('--server <names>', 'those on these database servers', listed)
    .option('--all', defaultsTo === 'all' ? 'all tenants (the default)' : 'all tenants');
}

/** Several values of an option: separated by commas, or given one by one. */
export function listed(text: string, before: readonly string[] = []): string[] {
  const values = text.split(',').map((value) => value.trim());
  if (values.includes('')) throw new TenancyCommandError(`${JSON.stringify(text)} is no list of values: a,b,c.`);
  return [...before, ...values];
}

/** For commands that must not take all tenants because somebody forgot to name some. */
export function requireSelection({ tenant, all, server }: SelectionOptions): void {
  if (tenant || all || server) return;
  throw new TenancyCommandError('Say which tenants: --tenant acme,globex, --server eu, or --all.');
}

/** The tenants that were chosen. Throws where one of them, or a server, is not there. */
export async function selected(
  service: TenantService,
  { database }: TenancyModuleOptions,
  { tenant, all, server }: SelectionOptions,
  status?: readonly TenantStatus[],
): Promise<Tenant[]> {
  if (tenant && all) throw new TenancyCommandError('--tenant names some and --all takes all: give one of them.');
  const known = database ? [...serverOptions(database).keys()] : ['default'];
  for (const name of server ?? []) if (!known.includes(name)) throw new TenantDatabaseUnknownError(known, name);
  const found = await selectTenants(service, tenant);
  return found.filter((one) => (!server || server.includes(serverOf(one))) && (!status || status.includes(one.status)));
}
