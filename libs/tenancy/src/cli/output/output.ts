import { styleText } from 'node:util';
import type { Outcome } from '../outcome.js';
import type { ErrorReport } from './error-report.js';
import { errorDocument } from './error-report.js';
import { FailuresOnly, ProgressLines } from './progress-lines.js';
import { ProgressBar } from './progress-bar.js';
import type { Progress, ProgressStream } from './progress.js';
import { printable } from './printable.js';
import type { Redaction } from './redact.js';

/** How it is printed: the options that all commands have. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color?: boolean;
}

type Stream = ProgressStream;

/**
 * What is printed, and where: the answer to standard output, all that is said on the way to standard error. With `--json`
 * standard output holds one document and nothing else.
 */
export class Output {
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  private isAnswered = false;
  private shown: Progress | undefined;

  constructor(
    private readonly stdout: Stream,
    private readonly stderr: Stream,
    private readonly options: OutputOptions,
    private readonly environment: NodeJS.ProcessEnv,
    private readonly redaction: Redaction,
  ) {
    this.isJson = options.json ?? false;
    this.isQuiet = options.quiet ?? false;
  }

  answer({ document, lines }: Outcome): void {
    if (this.isAnswered) return;
    this.isAnswered = true;
    const text = this.isJson ? this.jsonOf(document) : this.redaction.of(lines.map(printable).join('\n'));
    if (text !== '') this.stdout.write(`${text}\n`);
  }

  fail(report: ErrorReport, error: unknown): void {
    const { code, message, hint, exitCode } = report;
    const stack = this.options.verbose && error instanceof Error ? stackOf(error) : undefined;
    if (this.isJson) {
      const facts = error === undefined ? { code, message } : errorDocument(error);
      this.answer({
        exitCode,
        lines: [],
        document: { error: { ...facts, code, message, ...(hint && { hint }), stack } },
      });
      return;
    }
    // What the registry or a database says may have been written by anybody.
    this.write(`${this.paint('red', 'Error')} ${code}: ${printable([message, hint].filter(Boolean).join(' '))}`);
    if (stack !== undefined) this.write(printable(stack));
  }

  /** Something to know on the way. */
  note(text: string): void {
    if (!this.isQuiet) this.write(text);
  }

  /** For who looks for a fault. */
  detail(text: string): void {
    if (this.options.verbose) this.write(this.paint('dim', text));
  }

  /** What the application prints by itself: a migration, or whatever its config loads. */
  stray(text: string): void {
    const lines = text.replace(/\n$/, '');
    if (lines !== '' && !this.isQuiet) this.write(lines);
  }

  /** One line of what a tenant's command has printed. */
  passOn(stream: 'stdout' | 'stderr', tenant: string, line: string): void {
    const to = stream === 'stdout' && !this.isJson ? this.stdout : this.stderr;
    to.write(`${this.redaction.of(`${this.paint('cyan', tenant, to)} | ${line}`)}\n`);
  }

  progress(): Progress {
    const { stderr } = this;
    const stream: Stream = {
      ...(stderr.isTTY === undefined ? {} : { isTTY: stderr.isTTY }),
      get columns() {
        return stderr.columns;
      },
      write: (text) => stderr.write(this.redaction.of(text)),
    };
    this.shown = this.isQuiet
      ? new FailuresOnly(stream)
      : stderr.isTTY
        ? new ProgressBar(stream, (failure) => this.paint('red', failure))
        : new ProgressLines(stream);
    return this.shown;
  }

  /** Each text of it by itself: in the whole a password may look otherwise, or be a part of what is no text. */
  private jsonOf(document: unknown): string {
    const withoutPasswords = (_key: string, value: unknown) =>
      typeof value === 'string' ? this.redaction.of(value) : value;
    return JSON.stringify(document, withoutPasswords, 2);
  }

  private write(text: string): void {
    const line = this.redaction.of(text);
    if (this.shown) this.shown.say(line);
    else this.stderr.write(`${line}\n`);
  }

  private paint(format: 'red' | 'dim' | 'cyan', text: string, stream = this.stderr): string {
    const isWanted = this.options.color !== false && !this.environment.NO_COLOR && this.environment.TERM !== 'dumb';
    return isWanted && stream.isTTY ? styleText(format, text) : text;
  }
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return (error.stack ?? error.message) + cause;
}
