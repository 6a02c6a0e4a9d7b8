import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

/** The figures that the README shows. */
export const RESULTS_FILE = fileURLToPath(new URL('../results/database.json', import.meta.url));

/** What was measured once more with another Node; see CONTRIBUTING.md. */
export const OTHER_NODE_FILE = fileURLToPath(new URL('../results/database.node24.json', import.meta.url));

/** Those of requests, and of requests with another Node. */
export const REQUESTS_FILE = fileURLToPath(new URL('../results/requests.json', import.meta.url));
export const REQUESTS_OTHER_NODE_FILE = fileURLToPath(new URL('../results/requests.node24.json', import.meta.url));

export async function readResults(file = RESULTS_FILE) {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** Writes what was measured; what the file has of other parts stays. */
export async function writeResults(parts, file) {
  const present = await readPresent(file);
  await writeFile(file, await format(JSON.stringify({ ...present, ...parts }), { parser: 'json', printWidth: 120 }));
}

/** What a file has; nothing where there is none. */
export async function readPresent(file) {
  return readResults(file).catch((error) => {
    if (error.code === 'ENOENT') return {};
    throw error;
  });
}
