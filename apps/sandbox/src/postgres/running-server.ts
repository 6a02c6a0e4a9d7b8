import { readFile, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive } from './is-alive.js';
import { run } from './run.js';

/** Another server works on the data folder; two would destroy it. */
export class ServerAlreadyRunningError extends Error {
  constructor(
    readonly directory: string,
    readonly pid: number,
  ) {
    super(
      `A PostgreSQL server already runs on the folder ${directory}, as process ${pid}. ` +
        `Stop what started it (or that process: kill -INT ${pid}), or name another folder.`,
    );
    this.name = 'ServerAlreadyRunningError';
  }
}

/** How long a server whose owner was killed may take to begin its shutdown. */
const NOTICE_MS = 2_000;
/** How long that shutdown may take: it writes what is in memory to disk. */
const SHUTDOWN_MS = 60_000;

/**
 * Returns when no server works on `directory`. One that is about to end, because its owner has died, is waited for; one
 * that stays is a {@link ServerAlreadyRunningError}. The pid file of a dead one is removed: PostgreSQL does so itself,
 * unless a process that has nothing to do with it has got the same pid since.
 */
export async function waitUntilUnused(directory: string): Promise<void> {
  const started = Date.now();
  for (;;) {
    const server = await readPidFile(directory);
    if (!server) return;
    if (!(await worksOn(directory, server.pid))) return rm(pidFile(directory), { force: true });
    const patience = server.status === 'stopping' ? SHUTDOWN_MS : NOTICE_MS;
    if (Date.now() - started > patience) throw new ServerAlreadyRunningError(directory, server.pid);
    await delay(50);
  }
}

function pidFile(directory: string): string {
  return join(directory, 'postmaster.pid');
}

async function readPidFile(directory: string): Promise<{ pid: number; status: string | undefined } | undefined> {
  const text = await readFile(pidFile(directory), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const lines = text.split('\n').map((line) => line.trim());
  return { pid: Number.parseInt(lines[0] ?? '', 10), status: lines[7] };
}

/** A server's current folder is its data folder. */
async function worksOn(directory: string, pid: number): Promise<boolean> {
  if (!(pid > 0) || !isAlive(pid)) return false;
  if (process.platform === 'linux') {
    const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
    if (folder !== undefined) return folder === directory;
    // In a container root may not look that up for another user's process. Its arguments are open to everyone.
    const args = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    return args.split('\0').includes(directory);
  }
  if (process.platform === 'darwin') {
    const fields = await run('lsof', ['-a', '-d', 'cwd', '-F', 'n', '-p', String(pid)]).catch(() => '');
    return fields.split('\n').includes(`n${directory}`);
  }
  return true;
}
