import fc from 'fast-check';
import { anyCase, describeCase } from './cases.mjs';
import { runCase } from './run-case.mjs';
import { shrink } from './shrink.mjs';
import { watchUncaught } from './uncaught.mjs';

const CASES_PER_ROUND = 10;
// Far from any that somebody would take for his next run.
const SEED_STEP = 1_640_531_527;
const SHRINK_FOR_MS = 120_000;

/**
 * Generates cases and performs them until so many operations are done, or one of them is violated; that one is then made
 * smaller, unless `isShrunk` is false.
 */
export async function runCases(library, database, { operations, seed, isShrunk = true, progress }) {
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1_000;
  const run = { done: 0, byName: {} };
  const uncaught = watchUncaught();
  const performed = (name) => {
    run.done += 1;
    run.byName[name] = (run.byName[name] ?? 0) + 1;
    if (run.done % 100 === 0) progress(run.done, seconds());
  };
  const property = fc.asyncProperty(anyCase, (given) => runCase(library, database, uncaught, given, performed));
  try {
    // A seed for every few cases, so that one of them is found again without all that came before.
    for (let round = seed; run.done < operations; round = (round + SEED_STEP) % 2 ** 31) {
      // fast-check would shrink as if a case that fails did so each time.
      const result = await fc.check(property, { seed: round, numRuns: CASES_PER_ROUND, endOnFailure: true });
      if (!result.failed) continue;
      const found = { given: result.counterexample[0], error: result.errorInstance };
      const failure = (given) => runCase(library, database, uncaught, given, () => undefined).then(nothing, itself);
      const until = performance.now() + SHRINK_FOR_MS;
      const smallest = isShrunk ? await shrink(found.given, found.error, failure, until) : found;
      return { operations: run.done, seconds: seconds(), violation: violationOf(round, smallest) };
    }
    return { operations: run.done, seconds: seconds(), byName: run.byName };
  } finally {
    uncaught.stop();
  }
}

const nothing = () => undefined;
const itself = (error) => error;

function violationOf(seed, { given, error }) {
  return {
    seed,
    message: error instanceof Error ? error.message : String(error),
    counterexample: given,
    described: describeCase(given),
  };
}
