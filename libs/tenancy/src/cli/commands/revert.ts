import type { Command } from 'commander';
import { TenancyCommandError } from '../../tenancy.errors.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { MigrationProgress } from '../migration-progress.js';
import { plannedRevert } from '../migration-plan.js';
import { outcomeOf } from '../migration-outcome.js';
import type { RunOptions } from '../run-options.js';
import { withRunOptions } from '../run-options.js';
import type { SelectionOptions } from '../selection.js';
import { requireSelection, selected, withSelection } from '../selection.js';

interface RevertOptions extends SelectionOptions, RunOptions {
  readonly migration?: string;
}

export function addRevert(program: Command, runner: CommandRunner): void {
  withRunOptions(
    withSelection(program.command('revert').description('revert the last migration of tenants'), 'none').option(
      '--migration <name>',
      'the migration; tenants whose last one is another are left as they are',
    ),
  )
    .addHelpText(
      'after',
      examples('tenancy revert --all --dry-run', 'tenancy revert --tenant acme --migration AddPhone1760000000000') +
        '\nWhich tenants, and which migration, has to be said: --dry-run names it. Repeating it is safe.',
    )
    .action(
      runner.action<RevertOptions>(
        async (
          session,
          { tenant, all, server, migration, dryRun, canary, concurrency, onError, lockTimeout, transaction },
        ) => {
          requireSelection({ tenant, all, server });
          if (!dryRun && migration === undefined) {
            throw new TenancyCommandError(
              'Name the migration: --migration NAME. --dry-run says which one is the last.',
            );
          }
          const tenants = await selected(session.tenants, session.options, { tenant, all, server });
          const { TenantMigrations } = await import('../../schemas/migrations/tenant-migrations.js');
          const migrations = session.inDatabase(TenantMigrations);
          if (dryRun) return plannedRevert(await migrations.status({ tenants }), tenants, migration);
          const progress = new MigrationProgress(session.output.progress());
          const { signal } = session;
          const run = { migration, canary, concurrency, onError, lockTimeout, transaction, signal };
          try {
            const report = await migrations.revert({ tenants, ...run, onEvent: (event) => progress.show(event) });
            return outcomeOf(report);
          } finally {
            progress.end();
          }
        },
        { isGentle: true },
      ),
    );
}
