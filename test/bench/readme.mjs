// Writes the figures of results/*.json into the library's README; with --check only looks whether they are there.
import { parseArgs } from 'node:util';
import { compareReadme, writeReadme } from './report/readme-file.mjs';

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
if (!values.check) {
  await writeReadme();
} else {
  const { present, expected } = await compareReadme();
  if (present !== expected) {
    console.error('The README has other figures than test/bench/results. Run `npm run bench:readme`.');
    process.exitCode = 1;
  }
}
