import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { WriteStream } from 'node:fs';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

export interface ServiceOptions {
  readonly name: string;
  /** The compiled file that starts it. */
  readonly main: URL;
  readonly environment: Readonly<Record<string, string>>;
  /** Answers 200 once the service is ready. */
  readonly healthUrl: string;
  readonly logFile: string;
  /** Told when the service ended by itself and is started again. */
  readonly notice: (message: string) => void;
}

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 15_000;
const MAX_RESTARTS = 5;
const PARENT_GUARD = new URL('./stop-with-parent.js', import.meta.url);

/** One of the services as a process of its own. It is started again when it dies, a few times. */
export class ServiceProcess {
  private child: ChildProcess | undefined;
  private stopping = false;
  private restarts = 0;
  private readonly log: WriteStream;

  private constructor(private readonly options: ServiceOptions) {
    this.log = createWriteStream(options.logFile, { flags: 'a' });
  }

  /** Starts a service and waits until it is ready. Throws with the last lines that it wrote where it does not get there. */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options);
    service.spawn();
    try {
      await service.ready();
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  /** Asks it to finish what it does, and waits for that; after 15 s it is killed. */
  async stop(): Promise<void> {
    this.stopping = true;
    const { child } = this;
    if (child && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const deadline = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      await exited;
      clearTimeout(deadline);
    }
    this.log.end();
  }

  private spawn(): void {
    const { environment, main } = this.options;
    const child = spawn(
      process.execPath,
      ['--enable-source-maps', '--import', PARENT_GUARD.href, fileURLToPath(main)],
      {
        // Nothing of this process's own DATABASE_URL or PORT: a service knows what it is told here.
        env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...environment },
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    child.stdout?.pipe(this.log, { end: false });
    child.stderr?.pipe(this.log, { end: false });
    child.once('exit', (code, signal) => this.restart(String(signal ?? code)));
    this.child = child;
  }

  private restart(how: string): void {
    const { name, logFile, notice } = this.options;
    if (this.stopping || !this.isReady) return;
    this.restarts += 1;
    if (this.restarts > MAX_RESTARTS) {
      notice(`${name} ended again (${how}) and is not started any more. Its log: ${logFile}`);
      return;
    }
    notice(`${name} ended (${how}); starting it again.`);
    this.spawn();
  }

  private isReady = false;

  private async ready(): Promise<void> {
    const { name, healthUrl, logFile } = this.options;
    const deadline = Date.now() + START_DEADLINE_MS;
    while (Date.now() < deadline) {
      if (this.child?.exitCode !== null || this.child.signalCode !== null) {
        throw new Error(`${name} did not start. The end of ${logFile}:\n${await lastLines(logFile)}`);
      }
      const answer = await fetch(healthUrl, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
      await answer?.body?.cancel();
      if (answer?.ok) {
        this.isReady = true;
        return;
      }
      await delay(100);
    }
    throw new Error(
      `${name} was not ready after ${START_DEADLINE_MS / 1_000} s. The end of ${logFile}:\n${await lastLines(logFile)}`,
    );
  }
}

async function lastLines(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-20).join('\n');
}
