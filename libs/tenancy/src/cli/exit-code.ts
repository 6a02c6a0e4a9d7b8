/** How the command ends. Scripts rely on these numbers. */
export const EXIT = {
  /** All that was asked for is done, or in order. */
  done: 0,
  /** Something failed for some tenants, or differs from what it should be. */
  findings: 1,
  /** What was asked for cannot be: wrong arguments, options or config. Nothing was done. */
  usage: 2,
  /** The registry or a database server did not answer. */
  unreachable: 3,
  /** Ended by SIGINT or SIGTERM. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES = `Exit codes:
  0    done; all is in order
  1    some tenants failed, or differ from what they should be
  2    wrong arguments, options or config; nothing was done
  3    the registry or a database server did not answer
  130  interrupted`;
