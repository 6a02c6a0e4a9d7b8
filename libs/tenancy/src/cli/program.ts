import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { CommandRunner } from './command-runner.js';
import { addDoctor } from './commands/doctor.js';
import { addDrift } from './commands/drift.js';
import { addExport } from './commands/export.js';
import { addMigrate } from './commands/migrate.js';
import { addMove } from './commands/move.js';
import { addReady } from './commands/ready.js';
import { addRevert } from './commands/revert.js';
import { addRun } from './commands/run.js';
import { addStatus } from './commands/status.js';
import { addTenants } from './commands/tenants.js';
import type { ExitCode } from './exit-code.js';
import { EXIT, EXIT_CODES } from './exit-code.js';
import { examples } from './examples.js';
import { reportError } from './output/error-report.js';
import { Output } from './output/output.js';
import { Redaction } from './output/redact.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Runs the command that the arguments name. Everything that it has to say is printed. */
export async function runTenancy(args: readonly string[]): Promise<ExitCode> {
  const runner = new CommandRunner();
  try {
    await programOf(runner, args).parseAsync(args, { from: 'user' });
    return runner.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
    const isJson = own.includes('--json');
    // Of its own errors commander has printed what there is to say.
    if (error instanceof CommanderError && !isJson) return EXIT.usage;
    const output = new Output(process.stdout, process.stderr, { json: isJson }, process.env, new Redaction());
    const report = error instanceof CommanderError ? usageOf(error) : reportError(error);
    output.fail(report, error);
    return report.exitCode;
  }
}

function programOf(runner: CommandRunner, args: readonly string[]): Command {
  const program = new Command('tenancy')
    .description(
      'Lists, migrates and examines the tenants of an application that uses nestjs-tenancy. It reads the options of its ' +
        'TenancyModule from tenancy.config.js (or .mjs), or from the file that package.json names: ' +
        '"tenancy": { "config": "dist/tenancy.config.js" }. Nothing else of the application is started.',
    )
    .usage('<command> [options]')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'print what a command does, with examples')
    .helpCommand('help [command]', 'print what a command does, with examples')
    .option('-c, --config <path>', 'the file with the options')
    .option('--env <path>', 'variables for it; what the environment says goes first')
    .option('--json', 'one JSON document on standard output, and nothing else there')
    .option('-q, --quiet', 'say nothing on the way but what fails')
    .option('--no-color', 'no colours (NO_COLOR does the same)')
    .option('--verbose', 'say which config it is, what the module logs, and where errors come from')
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .exitOverride()
    .showHelpAfterError('(--help shows what there is)')
    .configureOutput(args.includes('--json') ? { writeErr: () => undefined } : {})
    .addHelpText(
      'after',
      examples('tenancy status', 'tenancy migrate --canary 5', 'tenancy tenants show acme', 'tenancy migrate --help') +
        `\n${EXIT_CODES}`,
    );
  addTenants(program, runner);
  addStatus(program, runner);
  addMigrate(program, runner);
  addRevert(program, runner);
  addDrift(program, runner);
  addMove(program, runner);
  addExport(program, runner);
  addRun(program, runner);
  addReady(program, runner);
  addDoctor(program, runner);
  return program;
}

function usageOf({ message }: CommanderError): ReturnType<typeof reportError> {
  const text = message === '(outputHelp)' ? 'No command was given.' : message.replace(/^error: /, '');
  return { code: 'TENANCY_COMMAND_INVALID', message: text, exitCode: EXIT.usage };
}
