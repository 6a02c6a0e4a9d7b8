import type { Abstract } from '@nestjs/common';
import type { Command } from 'commander';
import type { Outcome } from './outcome.js';
import type { ExitCode } from './exit-code.js';
import { EXIT } from './exit-code.js';
import { Interruption } from './interruption.js';
import { reportError } from './output/error-report.js';
import type { OutputOptions } from './output/output.js';
import { Output } from './output/output.js';
import { Redaction } from './output/redact.js';
import { reserveStdout } from './output/reserve-stdout.js';
import type { Session } from './session.js';
import { TenancyOptionsError } from '../tenancy.errors.js';

/** The options that all commands have. */
export interface GlobalOptions extends OutputOptions {
  readonly config?: string;
  readonly env?: string;
}

/** What a command does: `input` are its own options and arguments. */
export type Work<Options> = (session: Session, options: Options, args: readonly string[]) => Promise<Outcome>;

export interface WorkOptions {
  /** Finishes what it has begun when it is interrupted. @defaultValue `false`: it ends at once */
  readonly isGentle?: boolean;
}

/** Loads the config, opens the module, runs one command and closes everything. */
export class CommandRunner {
  exitCode: ExitCode = EXIT.done;

  /** What commander calls for a command. */
  action<Options>(
    work: Work<Options>,
    { isGentle = false }: WorkOptions = {},
  ): (...args: readonly unknown[]) => Promise<void> {
    return async (...given) => {
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<GlobalOptions & Options>();
      const redaction = new Redaction();
      const stdout = reserveStdout((text) => output.stray(text));
      const output = new Output(stdout.stream, process.stderr, options, process.env, redaction);
      const atEnd: Array<() => void> = [];
      const interruption = new Interruption(
        isGentle,
        () => output.note('Interrupted. Nothing more is begun, what is at work is finished; once more ends at once.'),
        () => this.endAtOnce(output, atEnd),
      );
      const whenEndedAtOnce = (end: () => void): void => void atEnd.push(end);
      try {
        const parts = { output, redaction, signal: interruption.signal, whenEndedAtOnce };
        const outcome = await this.run(work, options, command.args, parts);
        output.answer(outcome);
        this.exitCode = interruption.isInterrupted ? EXIT.interrupted : outcome.exitCode;
      } catch (error) {
        const report = reportError(error);
        output.fail(report, error);
        this.exitCode = interruption.isInterrupted ? EXIT.interrupted : report.exitCode;
      } finally {
        interruption.release();
        stdout.release();
      }
    };
  }

  private async run<Options>(
    work: Work<Options>,
    options: GlobalOptions & Options,
    args: readonly string[],
    { redaction, ...parts }: Pick<Session, 'output' | 'signal' | 'whenEndedAtOnce'> & { redaction: Redaction },
  ): Promise<Outcome> {
    // Loaded only now: --help and a wrong argument need neither Nest nor TypeORM.
    const [{ findConfigFile }, { loadConfig }, { openTenancy }, { TenantService }] = await Promise.all([
      import('./config/config-file.js'),
      import('./config/load-config.js'),
      import('./open-tenancy.js'),
      import('../tenants/tenant.service.js'),
    ]);
    const file = findConfigFile({ cwd: process.cwd(), ...options });
    const { output } = parts;
    output.detail(`The config is ${file.file}.`);
    const module = await loadConfig(file);
    redaction.learn(module);
    const context = await openTenancy(module, output);
    try {
      return await work(
        {
          options: module,
          tenants: context.get(TenantService),
          ...parts,
          find: <T>(token: Abstract<T>) => context.get<T | null>(token) ?? undefined,
          inDatabase: (token) => {
            if (module.database) return context.get(token);
            throw new TenancyOptionsError(
              'The option `database` is missing in the config. This command works in the schemas of the tenants.',
            );
          },
        },
        options,
        args,
      );
    } finally {
      await context.close();
    }
  }

  private endAtOnce(output: Output, atEnd: ReadonlyArray<() => void>): never {
    for (const end of atEnd) end();
    output.fail({ code: 'INTERRUPTED', message: 'Ended at once.', exitCode: EXIT.interrupted }, undefined);
    process.exit(EXIT.interrupted);
  }
}
