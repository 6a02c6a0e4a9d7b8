import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What the parts of one sandbox trust each other by. Made once, kept for the next start. */
export interface Secrets {
  readonly jwtSecret: string;
  readonly serviceToken: string;
  readonly registryPassword: string;
  readonly appPassword: string;
  readonly twilioToken: string;
}

const NAMES = ['jwtSecret', 'serviceToken', 'registryPassword', 'appPassword', 'twilioToken'] as const;

/** The secrets of the sandbox in a folder; made there, readable by this user only, where there are none yet. */
export async function loadSecrets(directory: string): Promise<Secrets> {
  const file = join(directory, 'secrets.json');
  await mkdir(directory, { recursive: true });
  const made = Object.fromEntries(NAMES.map((name) => [name, randomBytes(24).toString('hex')]));
  try {
    // wx: of two who start at once, one makes them and both use those.
    await writeFile(file, JSON.stringify(made, null, 2), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return read(file);
}

async function read(file: string): Promise<Secrets> {
  const text = await readFile(file, 'utf8');
  try {
    const secrets = JSON.parse(text) as Record<string, unknown>;
    if (NAMES.every((name) => typeof secrets[name] === 'string')) return secrets as unknown as Secrets;
  } catch {
    // Said below.
  }
  throw new Error(`${file} does not hold the sandbox's secrets. Remove it, and new ones are made.`);
}
