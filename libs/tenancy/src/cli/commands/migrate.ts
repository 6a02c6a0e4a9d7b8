import type { Command } from 'commander';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { MigrationProgress } from '../migration-progress.js';
import { plannedMigrations } from '../migration-plan.js';
import { outcomeOf } from '../migration-outcome.js';
import type { RunOptions } from '../run-options.js';
import { withRunOptions } from '../run-options.js';
import type { SelectionOptions } from '../selection.js';
import { selected, withSelection } from '../selection.js';

interface MigrateOptions extends SelectionOptions, RunOptions {
  readonly replay: boolean;
}

export function addMigrate(program: Command, runner: CommandRunner): void {
  withRunOptions(
    withSelection(program.command('migrate').description("run the pending migrations in the tenants' schemas"), 'all'),
  )
    .option('--no-replay', 'run the migrations for each tenant, instead of sending their recorded SQL')
    .addHelpText(
      'after',
      examples('tenancy migrate --dry-run', 'tenancy migrate --canary 5', 'tenancy migrate --tenant acme') +
        '\nA run that was stopped, or killed, is simply begun again: it goes on from there.',
    )
    .action(
      runner.action<MigrateOptions>(
        async (
          session,
          { tenant, all, server, dryRun, canary, concurrency, onError, lockTimeout, transaction, replay },
        ) => {
          const tenants = await selected(session.tenants, session.options, { tenant, all, server });
          const { TenantMigrations } = await import('../../schemas/migrations/tenant-migrations.js');
          const migrations = session.inDatabase(TenantMigrations);
          if (dryRun) return plannedMigrations(await migrations.status({ tenants }), tenants);
          const progress = new MigrationProgress(session.output.progress());
          const { signal } = session;
          const run = { canary, concurrency, onError, lockTimeout, transaction, replay, signal };
          try {
            const report = await migrations.migrate({ tenants, ...run, onEvent: (event) => progress.show(event) });
            return outcomeOf(report);
          } finally {
            progress.end();
          }
        },
        { isGentle: true },
      ),
    );
}
