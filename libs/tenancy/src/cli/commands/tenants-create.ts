import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { TenantChangeRefusedError } from '../../tenancy.errors.js';
import { isRecord } from '../../tenants/tenant.js';
import { assertDomains } from '../../tenants/tenant-domains.js';
import { TenantIdValidator } from '../../tenants/tenant-id.js';
import { administrationOf } from '../administration.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { listed } from '../selection.js';
import { changed, planned } from '../tenant-change.js';

interface CreateOptions {
  readonly name?: string;
  readonly plan?: string;
  readonly domains?: readonly string[];
  readonly server?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly dryRun?: boolean;
}

export function addCreate(tenants: Command, runner: CommandRunner): void {
  tenants
    .command('create')
    .description('make a tenant, its schema and the tables in it')
    .argument('<id>', 'its id, which never changes')
    .option('--name <name>', 'how it is called (its id)')
    .option('--plan <plan>', 'its plan (default)')
    .option('--domains <domains>', 'its host names, separated by commas', listed)
    .option('--server <name>', 'the database server that it is placed on (default)')
    .option('--settings <json>', 'its settings, as one JSON object', json)
    .option('--metadata <json>', 'what else is to be known of it, as one JSON object', json)
    .option('--dry-run', 'say what would be done, and do nothing')
    .addHelpText(
      'after',
      examples(
        'tenancy tenants create acme --name "Acme Corporation" --plan gold',
        'tenancy tenants create globex --server eu --settings \'{"email.from":"hello@globex.example"}\'',
      ) + '\nIt can be used when its schema is complete. What fails can be repeated.',
    )
    .action(
      runner.action<CreateOptions>(
        async (session, { name, plan, domains, server, settings, metadata, dryRun }, [id]) => {
          const administration = administrationOf(session);
          new TenantIdValidator(session.options.idPattern).parse(id);
          assertDomains(id, domains);
          if (dryRun) {
            const known = await session.tenants.findTenant(id);
            if (known) {
              throw new TenantChangeRefusedError(
                id,
                'TENANT_EXISTS',
                `There is a tenant ${JSON.stringify(id)} already.`,
              );
            }
            return planned('create', {
              id,
              ...(name && { name }),
              ...(plan && { plan }),
              ...(server && { database: server }),
            });
          }
          const fields = { name, plan, domains, config: settings, metadata, database: server };
          const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
          return changed('created', await administration.createTenant({ id, ...given }), session);
        },
        { isGentle: true },
      ),
    );
}

function json(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Said below, without what was given: it may hold a secret.
  }
  throw new InvalidArgumentError('It must be one JSON object.');
}
