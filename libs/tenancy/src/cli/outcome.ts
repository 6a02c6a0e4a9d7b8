import type { ExitCode } from './exit-code.js';

/** What a command found or did. */
export interface Outcome {
  readonly exitCode: ExitCode;
  /** For machines: the one JSON document of `--json`. */
  readonly document: object;
  /** For people, line by line. */
  readonly lines: readonly string[];
}
