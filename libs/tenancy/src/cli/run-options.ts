import type { Command } from 'commander';
import { Option } from 'commander';
import type { TenantRunOptions } from '../schemas/migrations/tenant-migrations-options.js';
import { whole } from './whole-number.js';

/** How a change of many tenants is run, as it is said on the command line. */
export type RunOptions = Partial<
  Pick<TenantRunOptions, 'canary' | 'concurrency' | 'onError' | 'lockTimeout' | 'transaction'>
> & { readonly dryRun?: boolean };

export function withRunOptions(command: Command): Command {
  return command
    .option('--canary <n>', 'so many go first, one by one; where one fails nobody else is touched (1)', whole)
    .option('--concurrency <n>', 'so many at once on each server (8)', whole)
    .addOption(new Option('--on-error <what>', 'where one fails (continue)').choices(['continue', 'stop']))
    .option('--lock-timeout <ms>', 'how long a statement waits for a lock (5000)', whole)
    .addOption(
      new Option('--transaction <mode>', "what is one transaction (TypeORM's migrationsTransactionMode)").choices([
        'all',
        'each',
        'none',
      ]),
    )
    .option('--dry-run', 'say what would be done, and do nothing');
}
