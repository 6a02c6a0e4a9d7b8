import { createHash, randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import type { RowSink } from '../contents/copy-rows.js';

/** For whoever runs the export alone: it is all that a tenant has. */
const [FOLDER_MODE, FILE_MODE] = [0o700, 0o600];

/**
 * Fills a folder, which appears under its name when all of it is there. What fails leaves nothing; who is killed leaves a folder
 * whose name ends in `.partial-` and some letters.
 */
export async function fillFolder<T>(
  wanted: string,
  work: (folder: ExportFolder) => Promise<T>,
): Promise<{ readonly folder: string; readonly value: T }> {
  const folder = resolve(wanted);
  await assertNothingThere(folder);
  await mkdir(dirname(folder), { recursive: true });
  const partial = `${folder}.partial-${randomBytes(4).toString('hex')}`;
  await mkdir(partial, { mode: FOLDER_MODE });
  try {
    const value = await work(new ExportFolder(partial));
    await sync(partial);
    await assertNothingThere(folder);
    await rename(partial, folder);
    await sync(dirname(folder));
    return { folder, value };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

export class ExportFolder {
  private readonly taken = new Set<string>();

  constructor(private readonly path: string) {}

  /** Writes a file that takes what it is given; returns the hash of that. */
  async write(file: string, work: (sink: RowSink) => Promise<void>): Promise<string> {
    const handle = await open(join(this.path, file), 'wx', FILE_MODE);
    const hash = createHash('sha256');
    try {
      await work({ write: (block) => append(handle, hash.update(block) && block) });
      await handle.sync();
      return hash.digest('hex');
    } finally {
      await handle.close();
    }
  }

  /**
   * The name of a file for a table, whatever the table is called: no part of a path, and another one for each where upper and
   * lower case are the same.
   */
  fileFor(table: string, ending: string): string {
    const safe = encodeURIComponent(table).replaceAll('*', '%2A').replace(/^\./, '%2E');
    let name = safe;
    for (let n = 2; this.taken.has(name.toLowerCase()); n += 1) name = `${safe}~${n}`;
    this.taken.add(name.toLowerCase());
    return `${name}${ending}`;
  }
}

async function append(handle: FileHandle, block: Buffer): Promise<void> {
  for (let at = 0; at < block.length;) at += (await handle.write(block, at)).bytesWritten;
}

async function assertNothingThere(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined);
  if (found)
    throw new TenancyOptionsError(`${folder} is there already. Name a folder that is not: nothing is overwritten.`);
}

/** So that a folder which has its name has its files too, whatever happens to the machine. */
async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
