import { type ChildProcess, spawn } from 'node:child_process';
import { processOptions } from './run.js';

/** Waits for the end of its input, which comes when this process has ended, in whatever way. */
const SCRIPT = `
read -r _
kill -INT "$1"
while kill -0 "$1" 2>/dev/null; do sleep 0.1; done
[ -z "$2" ] || rm -rf -- "$2"
`;

/**
 * Shuts the server `pid` down when this process is gone without having done so, even by kill -9, and then removes
 * `folder` where one is given. Without it the server would run on, unseen, and block the next start. Kill the watchdog
 * once the server has ended. There is none on Windows.
 */
export function startWatchdog(pid: number, folder = ''): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const watchdog = spawn('sh', ['-c', SCRIPT, 'sh', String(pid), folder], {
    ...processOptions(),
    // Out of the terminal's process group: a Ctrl-C there must not end it.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => undefined);
  watchdog.stdin.on('error', () => undefined);
  watchdog.unref();
  return watchdog;
}
