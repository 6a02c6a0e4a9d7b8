import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

/** The figures that the README shows. */
export const RESULTS_FILE = fileURLToPath(new URL('../results/database.json', import.meta.url));

export async function readResults(file = RESULTS_FILE) {
  return JSON.parse(await readFile(file, 'utf8'));
}

/** Writes what was measured; what the file has of other parts stays. */
export async function writeResults(parts, file) {
  const present = await readResults(file).catch((error) => {
    if (error.code === 'ENOENT') return {};
    throw error;
  });
  await writeFile(file, await format(JSON.stringify({ ...present, ...parts }), { parser: 'json', printWidth: 120 }));
}
