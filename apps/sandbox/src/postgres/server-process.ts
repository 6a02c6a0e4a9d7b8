import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresBinaries } from './postgres-binaries.js';
import type { PostgresUser } from './postgres-user.js';
import { processOptions } from './run.js';
import { startWatchdog } from './watchdog.js';

/** PostgreSQL ended, or did not become ready; `log` is what it said last. */
export class ServerStartError extends Error {
  constructor(
    readonly directory: string,
    readonly log: string,
    options?: ErrorOptions,
  ) {
    super(`PostgreSQL did not start on the folder ${directory}. It said:\n${log || '(nothing)'}`, options);
    this.name = 'ServerStartError';
  }
}

export interface ServerProcess {
  /** Resolves when the process has ended, stopped or by itself. */
  readonly exited: Promise<void>;
  /** Fast shutdown: rolls open transactions back, ends the connections, and waits for the process to exit. */
  stop(): Promise<void>;
}

export interface ServerProcessOptions {
  readonly binaries: PostgresBinaries;
  readonly directory: string;
  readonly port: number;
  readonly settings: Readonly<Record<string, string | number>>;
  readonly user: PostgresUser | undefined;
  readonly removeWhenAbandoned: boolean;
}

const READY = 'database system is ready to accept connections';
/** Long, because it includes the recovery from a crash. */
const START_MS = 120_000;
const STOP_MS = 20_000;
const LOG_LINES = 30;

/** Starts the server and returns when it accepts connections. */
export async function startServer(options: ServerProcessOptions): Promise<ServerProcess> {
  const { binaries, directory, port, settings, user } = options;
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(binaries.postgres, ['-D', directory, '-p', String(port), ...flags], {
    ...processOptions(user),
    // Out of the terminal's process group: a Ctrl-C there is for whoever uses the database first.
    detached: process.platform !== 'win32',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let failure: unknown;
  const exited = new Promise<void>((resolve) => {
    server.once('exit', () => resolve());
    server.once('error', (error) => {
      failure = error;
      resolve();
    });
  });
  if (server.pid !== undefined) {
    const watchdog = startWatchdog(server.pid, options.removeWhenAbandoned ? directory : '');
    void exited.then(() => watchdog?.kill('SIGKILL'));
  }

  const log: string[] = [];
  const output = createInterface(server.stderr);
  const outputEnded = once(output, 'close');
  const ready = new Promise<true>((resolve) => {
    output.on('line', (line) => {
      log.push(line);
      if (log.length > LOG_LINES) log.shift();
      if (line.includes(READY)) resolve(true);
    });
  });
  const isReady = await within(START_MS, Promise.race([ready, exited]));
  if (isReady) return { exited, stop: () => stopServer(server, exited) };

  await stopServer(server, exited);
  await within(1_000, outputEnded);
  throw new ServerStartError(directory, log.join('\n'), { cause: failure });
}

async function stopServer(server: ChildProcess, exited: Promise<unknown>): Promise<void> {
  // Fast shutdown; then an immediate one, with a recovery at the next start; then what the system can do.
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    server.kill(signal);
    await within(STOP_MS, exited);
  }
}

/** What `work` resolves to, or undefined when that takes longer. */
async function within<T>(milliseconds: number, work: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  const late = delay(milliseconds, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
