/** Shows how far something is that is done for many tenants. */
export interface Progress {
  /** So many are to be done. */
  begin(total: number): void;
  /** So many are. `failure` says what is wrong with the last one. */
  advance(done: number, failure?: string): void;
  /** Writes a line that has nothing to do with it, where it is not in the way. */
  say(line: string): void;
  end(): void;
}

/** Where it is written: standard error. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}
