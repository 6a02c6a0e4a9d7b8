import type { Command } from 'commander';
import type { TenancyFinding } from '../../schemas/examining/tenancy-finding.js';
import type { CommandRunner } from '../command-runner.js';
import { examples } from '../examples.js';
import { EXIT } from '../exit-code.js';
import { count } from '../output/numbers.js';
import { whole } from '../whole-number.js';

export function addDoctor(program: Command, runner: CommandRunner): void {
  program
    .command('doctor')
    .description('look for what is wrong with the database servers: login role, rights, schemas that are nobody’s, …')
    .option('--instances <n>', 'how many instances of the application run (1)', whole)
    .addHelpText(
      'after',
      examples('tenancy doctor', 'tenancy doctor --instances 12', 'tenancy doctor --json') +
        '\nIt says the statements that mend what it finds, and runs none of them: look at them before, some drop what nobody needs\n' +
        'any more. Exits with 1 where there is an error or a warning; what is only to be known is none.',
    )
    .action(
      runner.action<{ instances?: number }>(async (session, { instances }) => {
        const { TenancyDoctor } = await import('../../schemas/examining/tenancy-doctor.js');
        const findings = await session.inDatabase(TenancyDoctor).examine({ instances });
        const isWrong = findings.some(({ severity }) => severity !== 'info');
        return {
          exitCode: isWrong ? EXIT.findings : EXIT.done,
          document: { findings },
          lines: [...findings.flatMap(linesOf), summaryOf(findings)],
        };
      }),
    );
}

function linesOf({ severity, code, database, message, mend }: TenancyFinding): string[] {
  return [`${severity} ${code} (${database}): ${message}`, ...mend.map((sql) => `    ${sql.replace(/;?\s*$/, ';')}`)];
}

function summaryOf(findings: readonly TenancyFinding[]): string {
  const of = (wanted: string): number => findings.filter(({ severity }) => severity === wanted).length;
  const said = (['error', 'warning', 'info'] as const).filter((severity) => of(severity) > 0);
  return said.length === 0
    ? 'Nothing is wrong.'
    : said.map((severity) => `${count(of(severity))} ${severity}`).join(', ');
}
