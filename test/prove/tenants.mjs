// What becomes of the tenants while the service that knows them is killed, stopped, slow, flooded or lies: see --help.
//
//   npm run prove:tenants -- --json
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Logger } from '@nestjs/common';
import { createProgress } from './support/progress.mjs';
import { mutantsNamed } from './tenants/mutants.mjs';
import { readOptions } from './tenants/options.mjs';
import { PHASES } from './tenants/phases.mjs';
import { reportMutants, reportPhases } from './tenants/report.mjs';
import { mutate, runMutants } from './tenants/run-mutants.mjs';
import { runPhase } from './tenants/run-phase.mjs';

setFlagsFromString('--expose-gc');
globalThis.gc = runInNewContext('gc');
// That the registry is down is what is made here.
Logger.overrideLogger(false);
const options = readOptions();
const progress = createProgress();
const withMutants = options.mutants && options.phase === undefined;
// First, as it takes no time: a mutant that is out of date is better known before than after some minutes.
const mutated = withMutants ? await mutate(mutantsNamed(options.fault)) : [];
const phases = options.fault === undefined ? await provePhases() : [];
const held = phases.every(({ violations }) => violations.length === 0);
const mutants = held ? await runMutants(mutated, (done, all) => progress.show(`${done} of ${all} mutants`)) : [];
progress.clear();
if (options.json) console.log(JSON.stringify({ held, phases, mutants }));
else reportMutants(mutants);
if (!held || mutants.some(({ killed }) => !killed)) process.exitCode = 1;

async function provePhases() {
  const library = await import(options.library ? pathToFileURL(options.library).href : 'nestjs-tenancy');
  const chosen = PHASES.filter(({ name }) => name.includes(options.phase ?? ''));
  if (chosen.length === 0) throw new Error(`No phase has ${options.phase} in its name.`);
  const results = [];
  for (const phase of chosen) {
    progress.show(phase.name);
    results.push(await runPhase(library, phase));
  }
  progress.clear();
  if (!options.json) reportPhases(results);
  return results;
}
