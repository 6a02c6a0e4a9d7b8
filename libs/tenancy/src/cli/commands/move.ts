import type { Command } from 'commander';
import type { TenantMoveReport, TenantMoveStatus } from '../../schemas/moving/tenant-move-report.js';
import { TenancyCommandError } from '../../tenancy.errors.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import type { Outcome } from '../outcome.js';
import { bytes, count, duration } from '../output/numbers.js';
import { MoveProgress } from '../move-progress.js';
import { whole } from '../whole-number.js';

interface MoveOptions {
  readonly to?: string;
  readonly confirm?: string;
  readonly undo?: boolean;
  readonly status?: boolean;
  readonly dryRun?: boolean;
  readonly freezeTimeout?: number;
  readonly lockTimeout?: number;
}

const STEPS = `
While the rows are copied the tenant can be read, and writes are refused: how long is printed. Its old schema is kept until the
move is confirmed. A move that was interrupted, or killed, is run again, or undone.`;

export function addMove(program: Command, runner: CommandRunner): void {
  program
    .command('move')
    .description('move a tenant to another database server')
    .argument('<id>', 'the tenant')
    .option('--to <name>', 'the database server to move it to')
    .option('--status', 'say where it stands')
    .option('--undo', 'take back a move that was not finished')
    .option('--confirm <id>', 'end the move: drop the schema that was kept where the tenant was; the id once more')
    .option('--freeze-timeout <ms>', 'how long transactions that write are waited for (30000)', whole)
    .option('--lock-timeout <ms>', 'how long another one who works on the schema is waited for (5000)', whole)
    .option('--dry-run', 'find out whether it can be moved: its schema is made there, and taken back')
    .addHelpText(
      'after',
      examples(
        'tenancy move acme --to eu --dry-run',
        'tenancy move acme --to eu',
        'tenancy move acme --status',
        'tenancy move acme --confirm acme',
      ) + STEPS,
    )
    .action(
      runner.action<MoveOptions>(
        async (session, options, [id]) => {
          const { to, confirm, undo, status, dryRun, freezeTimeout, lockTimeout } = options;
          if ([to, confirm, undo, status].filter((one) => one !== undefined).length !== 1) {
            throw new TenancyCommandError('Give one of --to SERVER, --status, --undo and --confirm ID.');
          }
          if (confirm !== undefined && confirm !== id) {
            throw new TenancyCommandError(
              `--confirm is ${JSON.stringify(confirm)}; it repeats the id: ${JSON.stringify(id)}.`,
            );
          }
          const { TenantMoves } = await import('../../schemas/moving/tenant-moves.js');
          const moves = session.inDatabase(TenantMoves);
          // Where it stands is all that can be said before of what the other two would do.
          if (status || (dryRun && to === undefined)) return standing(await moves.status(id));
          if (undo) return standing(await moves.undo(id));
          if (to === undefined) return standing(await moves.confirm(id));
          const progress = new MoveProgress(session.output);
          const { signal } = session;
          try {
            const run = { to, dryRun, freezeTimeout, lockTimeout, signal };
            return outcomeOf(await moves.move(id, { ...run, onEvent: (event) => progress.show(event) }));
          } finally {
            progress.end();
          }
        },
        { isGentle: true },
      ),
    );
}

function standing(status: TenantMoveStatus): Outcome {
  const { tenantId, schema, database, state, from, to, since } = status;
  const way = from === undefined ? '' : `, from ${from} to ${to}${since ? ` since ${since}` : ''}`;
  return {
    exitCode: EXIT.done,
    document: status,
    lines: [`${tenantId} (${schema}) on ${database}: ${state}${way}`],
  };
}

function outcomeOf(report: TenantMoveReport): Outcome {
  const { tenantId, from, to, outcome, rows, tables, refused } = report;
  const copied = `${count(rows)} rows of ${count(tables.length)} tables (${bytes(report.bytes)})`;
  const lines =
    outcome === 'checked'
      ? [`${tenantId} can be moved from ${from} to ${to}. Nothing was done.`]
      : [
          `${outcome} ${tenantId} from ${from} to ${to} in ${duration(report.duration)}: ${copied}; ` +
            `writes were refused for ${duration(refused)}`,
          `What it had on ${from} is kept there. When all is well: tenancy move ${tenantId} --confirm ${tenantId}`,
        ];
  return { exitCode: EXIT.done, document: report, lines };
}
