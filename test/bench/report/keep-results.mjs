import { REQUESTS_FILE, RESULTS_FILE, writeResults } from './results-file.mjs';
import { writeReadme } from './readme-file.mjs';

/** Keeps what was measured: in the file that was asked for, or after a complete run where the README takes it from. */
export const keepResults = (parts, options) => keep(parts, options, RESULTS_FILE);

/** The same for what was measured of requests. */
export const keepRequests = (parts, options) => keep(parts, options, REQUESTS_FILE);

async function keep(parts, { out, isComplete }, file) {
  if (out) return writeResults(parts, out);
  if (!isComplete) return;
  await writeResults(parts, file);
  await writeReadme();
}
