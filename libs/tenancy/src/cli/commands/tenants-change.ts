import type { Command } from 'commander';
import { TenancyCommandError, TenantNotFoundError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { TenantAdministration } from '../../tenants/tenant-administration.js';
import { assertDomains } from '../../tenants/tenant-domains.js';
import { administrationOf } from '../administration.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import { listed } from '../selection.js';
import type { Session } from '../session.js';
import { changed, planned } from '../tenant-change.js';

interface DryRun {
  readonly dryRun?: boolean;
}

interface Change {
  readonly name: 'suspend' | 'restore' | 'archive';
  readonly done: string;
  readonly says: string;
  readonly more: string;
  make(administration: TenantAdministration, id: string): Promise<Tenant>;
}

const CHANGES: readonly Change[] = [
  {
    name: 'suspend',
    done: 'suspended',
    says: 'refuse a tenant everywhere from now on; all that it has stays',
    more: 'Its jobs wait, and go on after: tenancy tenants restore acme',
    make: (administration, id) => administration.suspendTenant(id),
  },
  {
    name: 'restore',
    done: 'restored',
    says: 'let a suspended or archived tenant be used again',
    more: 'What waited for it goes on.',
    make: (administration, id) => administration.restoreTenant(id),
  },
  {
    name: 'archive',
    done: 'archived',
    says: 'put a tenant away: refused from now on, dropped when it is asked for after a time of grace',
    more: 'Until it is dropped it can be restored. `tenancy tenants drops` says from when on it may be dropped.',
    make: (administration, id) => administration.archiveTenant(id),
  },
];

export function addChanges(tenants: Command, runner: CommandRunner): void {
  for (const change of CHANGES) addChange(tenants, runner, change);
  addRename(tenants, runner);
  addDrop(tenants, runner);
}

function addChange(tenants: Command, runner: CommandRunner, { name, done, says, more, make }: Change): void {
  tenants
    .command(name)
    .description(says)
    .argument('<id>', 'the tenant')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addHelpText(
      'after',
      `${examples(`tenancy tenants ${name} acme`, `tenancy tenants ${name} acme --dry-run`)}\n${more}`,
    )
    .action(
      runner.action<DryRun>(
        async (session, { dryRun }, [id]) => {
          const administration = administrationOf(session);
          if (dryRun) return planned(name, await knownTenant(session, id));
          return changed(done, await make(administration, id), session);
        },
        { isGentle: true },
      ),
    );
}

function addRename(tenants: Command, runner: CommandRunner): void {
  tenants
    .command('rename')
    .description('change what a tenant is called, its plan or its domains; its id never changes')
    .argument('<id>', 'the tenant')
    .argument('[name]', 'how it is called from now on')
    .option('--plan <plan>', 'its plan')
    .option('--domains <domains>', 'all of its host names, separated by commas', listed)
    .option('--dry-run', 'say what would be done, and do nothing')
    .addHelpText(
      'after',
      examples('tenancy tenants rename acme "Acme Holding"', 'tenancy tenants rename acme --plan gold'),
    )
    .action(
      runner.action<DryRun & { plan?: string; domains?: string[] }>(
        async (session, { dryRun, plan, domains }, [id, name]) => {
          const fields = Object.entries({ name, plan, domains }).filter(([, value]) => value !== undefined);
          if (fields.length === 0) throw new TenancyCommandError('Say what is to change: a name, --plan or --domains.');
          assertDomains(id, domains);
          const change = Object.fromEntries(fields);
          const administration = administrationOf(session);
          if (dryRun) return planned('change', { ...(await knownTenant(session, id)), ...change });
          return changed('changed', await administration.changeTenant(id, change), session);
        },
        { isGentle: true },
      ),
    );
}

function addDrop(tenants: Command, runner: CommandRunner): void {
  tenants
    .command('drop')
    .description('drop the schema of an archived tenant, with all that is in it, and forget the tenant')
    .argument('<id>', 'the tenant')
    .option('--confirm <id>', 'the id once more')
    .option('--erase', 'at once, whatever its status and however long it was to be kept')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addHelpText(
      'after',
      examples(
        'tenancy tenants drop acme --confirm acme',
        'tenancy tenants drop acme --confirm acme --erase',
        'tenancy tenants drop acme --dry-run',
      ) + '\nNobody can take it back. Archive the tenant first; --erase is for who has asked to be forgotten.',
    )
    .action(
      runner.action<DryRun & { confirm?: string; erase?: boolean }>(
        async (session, { dryRun, confirm, erase }, [id]) => {
          const administration = administrationOf(session);
          if (dryRun) return planned(erase ? 'erase' : 'drop', await knownTenant(session, id));
          if (confirm !== id) {
            throw new TenancyCommandError(
              `This drops all that ${JSON.stringify(id)} has, and nobody can take it back. Say so: --confirm ${id}`,
            );
          }
          await administration.dropTenant(id, { confirm, ...(erase && { erase }) });
          return { exitCode: EXIT.done, document: { done: 'dropped', tenant: { id } }, lines: [`dropped ${id}`] };
        },
        { isGentle: true },
      ),
    );
}

async function knownTenant(
  { tenants }: Session,
  id: string,
): Promise<Pick<Tenant, 'id' | 'name' | 'status' | 'schema'>> {
  const tenant = await tenants.findTenant(id);
  if (!tenant) throw new TenantNotFoundError(id);
  const { name, status, schema } = tenant;
  return { id, name, status, schema };
}
