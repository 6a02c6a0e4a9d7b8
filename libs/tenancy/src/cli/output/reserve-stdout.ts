import type { ProgressStream } from './progress.js';

/**
 * Keeps standard output for the answer: whatever else is written there, by a migration or by a library that logs, is told to
 * `onStray`. Returns what the answer is written to.
 */
export function reserveStdout(onStray: (text: string) => void): { readonly stream: ProgressStream; release(): void } {
  const { stdout } = process;
  const own = stdout.write.bind(stdout);
  const stray = (chunk: unknown, ...rest: unknown[]): boolean => {
    onStray(Buffer.isBuffer(chunk) ? chunk.toString('utf8') : String(chunk));
    const done = rest.at(-1);
    if (typeof done === 'function') queueMicrotask(() => (done as () => void)());
    return true;
  };
  stdout.write = stray;
  const stream: ProgressStream = { isTTY: stdout.isTTY, write: (text) => own(text) };
  return {
    stream,
    release: () => {
      stdout.write = own;
    },
  };
}
