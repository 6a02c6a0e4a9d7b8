import type { Command } from 'commander';
import type { ReadySchemasStatus } from '../../schemas/ready/ready-schemas-options.js';
import { TenancyCommandError } from '../../tenancy.errors.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import { count } from '../output/numbers.js';
import { whole } from '../whole-number.js';

interface Place {
  readonly server?: string;
}

/** `tenancy ready …`: schemas that are made before anybody needs them. */
export function addReady(program: Command, runner: CommandRunner): void {
  const ready = program
    .command('ready')
    .description('schemas that are made before anybody needs them, so that a new tenant has not to wait')
    .usage('<command> [options]');
  addStatus(ready, runner);
  addFill(ready, runner);
}

function addStatus(ready: Command, runner: CommandRunner): void {
  ready
    .command('status')
    .description('say how many there are')
    .option('--server <name>', 'on this database server (default)')
    .addHelpText('after', examples('tenancy ready status', 'tenancy ready status --server eu --json'))
    .action(
      runner.action<Place>(async (session, { server }) => {
        const { ReadySchemas } = await import('../../schemas/ready/ready-schemas.js');
        const status = await session.inDatabase(ReadySchemas).status({ database: server });
        return { exitCode: EXIT.done, document: status, lines: [lineOf(status)] };
      }),
    );
}

function addFill(ready: Command, runner: CommandRunner): void {
  ready
    .command('fill')
    .description('make new ones until there are as many as are asked for, and drop those that lack migrations')
    .option('--count <n>', 'so many are to be there', whole)
    .option('--server <name>', 'on this database server (default)')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addHelpText(
      'after',
      examples('tenancy ready fill --count 20', 'tenancy ready fill --count 5 --server eu --dry-run'),
    )
    .action(
      runner.action<Place & { count?: number; dryRun?: boolean }>(
        async (session, { count: wanted, server, dryRun }) => {
          if (wanted === undefined) throw new TenancyCommandError('Say how many are to be there: --count 20.');
          const { ReadySchemas } = await import('../../schemas/ready/ready-schemas.js');
          const schemas = session.inDatabase(ReadySchemas);
          const before = await schemas.status({ database: server });
          if (dryRun) {
            const stale = before.schemas.filter(({ state }) => state === 'behind').length;
            const missing = Math.max(0, wanted - (before.schemas.length - stale));
            return {
              exitCode: EXIT.done,
              document: { dryRun: true, database: before.database, make: missing, discard: stale },
              lines: [`Would make ${count(missing)} and drop ${count(stale)} on ${before.database}. Nothing was done.`],
            };
          }
          const report = await schemas.refill({ count: wanted, database: server, signal: session.signal });
          const after = await schemas.status({ database: server });
          return {
            exitCode: after.ready >= wanted ? EXIT.done : EXIT.findings,
            document: { ...report, ready: after.ready, database: after.database },
            lines: [`Made ${count(report.made)}, dropped ${count(report.discarded.length)}. ${lineOf(after)}`],
          };
        },
        { isGentle: true },
      ),
    );
}

function lineOf({ database, ready, schemas }: ReadySchemasStatus): string {
  const others = schemas.filter(({ state }) => state !== 'ready').map(({ schema, state }) => `${schema} is ${state}`);
  return `${count(ready)} ready on ${database}${others.length > 0 ? `; ${others.join(', ')}` : ''}`;
}
