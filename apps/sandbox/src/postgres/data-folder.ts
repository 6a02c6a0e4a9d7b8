import { createHash, randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { isAlive } from './is-alive.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { canEnter, type PostgresUser } from './postgres-user.js';
import { run } from './run.js';

/** The folder cannot hold PostgreSQL's data: what is in it, or whose it is, stands against it. */
export class DataFolderError extends Error {
  constructor(
    readonly directory: string,
    problem: string,
    options?: ErrorOptions,
  ) {
    super(`The folder ${directory} ${problem}`, options);
    this.name = 'DataFolderError';
  }
}

export interface DataFolderLocation {
  readonly directory: string;
  /** Whether it is another folder than the requested one. */
  readonly isFallback: boolean;
}

/**
 * Where the data of `requested` really is: there, or, when `user` cannot enter the way to it, in a folder of the same
 * stable name under /var/tmp.
 */
export async function locateDataFolder(requested: string, user: PostgresUser | undefined): Promise<DataFolderLocation> {
  const directory = resolve(requested);
  await mkdir(dirname(directory), { recursive: true });
  // A folder has one name however it was reached: running servers are recognised by it.
  const real = await realpath(directory).catch(async () =>
    join(await realpath(dirname(directory)), basename(directory)),
  );
  if (await canEnter(dirname(real), user)) return { directory: real, isFallback: false };

  const name = `embedded-postgres-data-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`;
  for (const base of ['/var/tmp', tmpdir(), '/tmp']) {
    if (await canEnter(base, user)) return { directory: join(await realpath(base), name), isFallback: true };
  }
  throw new DataFolderError(directory, 'cannot be reached by the user "postgres". Name one outside /root.');
}

/** Makes `directory` a data folder unless it is one already, and returns the password of the superuser `postgres`. */
export async function openDataFolder(
  directory: string,
  binaries: PostgresBinaries,
  user: PostgresUser | undefined,
  durable: boolean,
): Promise<string> {
  if (!(await isInitialised(directory, binaries.majorVersion, user))) {
    await initialise(directory, binaries, user, durable);
  }
  const password = await readFile(passwordFile(directory), 'utf8').catch((cause: unknown) => {
    throw new DataFolderError(directory, 'lacks the file "password" of its server. Remove it to start anew.', {
      cause,
    });
  });
  return password.trim();
}

function passwordFile(directory: string): string {
  return join(directory, 'password');
}

async function isInitialised(directory: string, version: string, user: PostgresUser | undefined): Promise<boolean> {
  const found = await stat(directory).catch(() => undefined);
  if (!found) return false;
  if (!found.isDirectory()) throw new DataFolderError(directory, 'is a file. Name a folder.');

  const uid = user?.uid ?? process.getuid?.();
  const foreign = new DataFolderError(
    directory,
    `belongs to another user (uid ${found.uid}); the server would run as uid ${uid}. Start this as that user, remove the folder, or name another.`,
  );
  const entries = await readdir(directory).catch(() => {
    throw foreign;
  });
  if (entries.length === 0) return false;
  if (!entries.includes('PG_VERSION')) {
    throw new DataFolderError(
      directory,
      'already holds other files. Name an empty folder, or one that does not exist.',
    );
  }
  if (uid !== undefined && found.uid !== uid) throw foreign;

  const holds = (await readFile(join(directory, 'PG_VERSION'), 'utf8')).trim();
  if (holds === version) return true;
  throw new DataFolderError(
    directory,
    `holds data of PostgreSQL ${holds}, and this is ${version}. Move it away and start anew.`,
  );
}

/** Built beside its place and renamed when complete, so a start that was killed half way leaves no half-made folder. */
async function initialise(
  directory: string,
  { initdb }: PostgresBinaries,
  user: PostgresUser | undefined,
  durable: boolean,
): Promise<void> {
  await removeAbandoned(directory);
  const staging = `${directory}.new-${process.pid}-${randomBytes(3).toString('hex')}`;
  const stagedPassword = `${staging}.password`;
  try {
    await mkdir(staging, { mode: 0o700 });
    await writeFile(stagedPassword, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
    if (user) await Promise.all([staging, stagedPassword].map((path) => chown(path, user.uid, user.gid)));
    await run(
      initdb,
      [
        `--pgdata=${staging}`,
        `--pwfile=${stagedPassword}`,
        '--username=postgres',
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // PostgreSQL's own collation, the same on every machine.
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        ...(durable ? [] : ['--no-sync']),
      ],
      user,
    );
    await rename(stagedPassword, passwordFile(staging));
    await moveInto(staging, directory);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    throw new DataFolderError(directory, `could not be made a data folder: ${reason}`, { cause });
  } finally {
    await Promise.all([staging, stagedPassword].map((path) => rm(path, { recursive: true, force: true })));
  }
}

async function moveInto(staging: string, directory: string): Promise<void> {
  try {
    await rename(staging, directory);
  } catch (error) {
    // Another start made the folder in the meantime: that one is as good.
    if (!(await readdir(directory)).includes('PG_VERSION')) throw error;
  }
}

async function removeAbandoned(directory: string): Promise<void> {
  const prefix = `${basename(directory)}.new-`;
  for (const name of await readdir(dirname(directory))) {
    const owner = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : Number.NaN;
    if (Number.isNaN(owner) || isAlive(owner)) continue;
    await rm(join(dirname(directory), name), { recursive: true, force: true });
  }
}
