import type { Command } from 'commander';
import type { PlannedDrop } from '../../tenants/tenant-administration.js';
import { administrationOf } from '../administration.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import { count } from '../output/numbers.js';
import { table } from '../output/table.js';

const PAGE = 200;

export function addDrops(tenants: Command, runner: CommandRunner): void {
  tenants
    .command('drops')
    .description('list the archived tenants, and from when on each may be dropped')
    .option('--due', 'only those that may be dropped now')
    .addHelpText('after', examples('tenancy tenants drops', 'tenancy tenants drops --due --json'))
    .action(
      runner.action<{ due?: boolean }>(async (session, { due = false }) => {
        const administration = administrationOf(session);
        const all: PlannedDrop[] = [];
        for (let total = 1; all.length < total;) {
          const page = await administration.plannedDrops({ limit: PAGE, offset: all.length });
          if (page.drops.length === 0) break;
          all.push(...page.drops);
          total = page.total;
        }
        const shown = all.filter(({ isDue }) => isDue || !due);
        return {
          exitCode: EXIT.done,
          document: { drops: shown },
          lines: [
            ...table(
              ['ID', 'STATUS', 'MAY BE DROPPED'],
              shown.map(({ id, status, dropAfter, isDue }) => [
                id,
                status,
                isDue ? 'now' : `from ${dropAfter.toISOString()}`,
              ]),
            ),
            `${count(shown.length)} archived`,
          ],
        };
      }),
    );
}
