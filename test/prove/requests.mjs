// Whose request it is, by one rule, whatever it says and however it is written: see --help.
//
//   npm run prove:requests -- --seed 1
import { pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { createProgress } from './support/progress.mjs';
import { loadLibrary } from './requests/load-library.mjs';
import { MUTANTS } from './requests/mutants.mjs';
import { readOptions } from './requests/options.mjs';
import { PROOFS, prove } from './requests/proofs.mjs';
import { reportMutants, reportProof } from './requests/report.mjs';
import { mutate, runMutant } from './requests/run-mutant.mjs';

// Express reads addresses that Node would rather refuse.
process.noDeprecation = true;
Logger.overrideLogger(false);
const options = readOptions();
const progress = createProgress();
const started = performance.now();
const names = Object.keys(PROOFS).filter((name) => name.includes(options.only));
if (names.length === 0) {
  console.error(
    `No proof has a name with ${JSON.stringify(options.only)} in it. There are: ${Object.keys(PROOFS).join(', ')}.`,
  );
  process.exit(2);
}
// First, as it takes no time: a mutant that is out of date is better known before than after some minutes.
const mutated = options.mutants ? await mutate(MUTANTS.filter(({ proof }) => names.includes(proof))) : [];
const library = await loadLibrary(
  options.library ? pathToFileURL(options.library).href : import.meta.resolve('nestjs-tenancy'),
);
if (!options.json) console.log(`seed: ${options.seed}`);

const proofs = [];
for (const name of names) {
  const proof = await prove(name, library, { ...options, progress: (text) => progress.show(`${name}: ${text}`) });
  progress.clear();
  proofs.push(proof);
  if (!options.json) reportProof(proof);
}
const isProven = proofs.every(({ violations }) => violations.length === 0);

const mutants = [];
// What a faulty library is caught by says nothing where the library itself is.
for (const mutant of isProven ? mutated : []) {
  progress.show(`${mutants.length} of ${mutated.length} mutants: ${mutant.name}`);
  mutants.push(await runMutant(mutant, options.seed));
}
progress.clear();
const seconds = Math.round((performance.now() - started) / 1_000);
if (options.json)
  console.log(JSON.stringify({ held: isProven, seed: options.seed, seconds, proofs, mutants }, null, 2));
else reportMutants(mutants, seconds);
process.exitCode = isProven && mutants.every(({ killed }) => killed) ? 0 : 1;
