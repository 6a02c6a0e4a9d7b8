import { RESULTS_FILE, writeResults } from './results-file.mjs';
import { writeReadme } from './readme-file.mjs';

/** Keeps what was measured: in the file that was asked for, or after a complete run where the README takes it from. */
export async function keepResults(parts, { out, isComplete }) {
  if (out) return writeResults(parts, out);
  if (!isComplete) return;
  await writeResults(parts, RESULTS_FILE);
  await writeReadme();
}
