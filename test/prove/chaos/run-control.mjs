import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const MAX_KILLS = 3_000;

/** Stock TypeORM under the same kills, in a process of its own, until it shows an uncaught exception. */
export async function runControl({ serverUrl, url, role }, seed) {
  const options = { serverUrl, url, role, seed, kills: MAX_KILLS };
  const script = fileURLToPath(new URL('control.mjs', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(options)]);
  return JSON.parse(stdout);
}
