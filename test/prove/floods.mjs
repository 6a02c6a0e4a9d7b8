// What a flood of one tenant, or of nobody in a tenant's name, costs another tenant.
//
//   npm run prove:floods -- --seconds 5 --json
//
// A service with 4 ms of work in each request, the flood over 16 connections and the quiet tenant are processes of their own.
// Exits with 1 where not all of the quiet tenant's requests were served, where a flood had more than its quota, where an answer was another
// tenant's, where the control, a limit that counts what a request claims, did not refuse its victim, or where a faulty version of
// the library was not caught. Times are shown, not judged.
import { parseArgs } from 'node:util';
import { align } from '../bench/report/align.mjs';
import { mutantsOf, runMutant } from './floods/run-mutants.mjs';
import { runScene } from './floods/run-scene.mjs';
import { scenes } from './floods/scenes.mjs';
import { createProgress } from './support/progress.mjs';

const HELP = `npm run prove:floods -- [options]

  --seconds N    how long each scene takes, 1 to 40 (5)
  --only TEXT    only the scenes that have this in their name, and the mutants that they have to catch
  --no-mutants   the library itself only, not faulty versions of it
  --json         the results as JSON`;

const { values: options } = parseArgs({
  allowNegative: true,
  options: {
    seconds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    mutants: { type: 'boolean', default: true },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
const seconds = Number(options.seconds);
// A scene lies within one window of a minute: in the next, a flood has a quota again.
if (!Number.isInteger(seconds) || seconds < 1 || seconds > 40) {
  console.error(`--seconds is ${options.seconds}; it must be a whole number from 1 to 40.\n\n${HELP}`);
  process.exit(2);
}

const chosen = scenes.filter(({ name }) => name.includes(options.only));
if (chosen.length === 0) {
  console.error(`No scene has ${JSON.stringify(options.only)} in its name.\n\n${HELP}`);
  process.exit(2);
}

const progress = createProgress();
// First, as it takes no time: a mutant that is out of date is better known before than after some minutes.
const mutated = options.mutants ? await mutantsOf(chosen) : [];
const results = [];
for (const scene of chosen) {
  progress.show(scene.name);
  results.push(await runScene(scene, { seconds }));
}
const held = results.every(({ violations }) => violations.length === 0);
const mutants = [];
// What a faulty library is caught by says nothing where the library itself is.
for (const mutant of held ? mutated : []) {
  progress.show(`${mutants.length} of ${mutated.length} mutants: ${mutant.name}`);
  mutants.push(await runMutant(mutant));
}
progress.clear();
if (options.json) console.log(JSON.stringify({ held, seconds, results, mutants }, null, 2));
else {
  printTable();
  printMutants();
}
process.exitCode = held && mutants.every(({ killed }) => killed) ? 0 : 1;

function printTable() {
  const heads = [
    'the quiet tenant',
    'asked',
    'answered',
    'refused',
    'p50 ms',
    'p99 ms',
    'the flood: 200',
    '401',
    '429',
  ];
  const rows = results.map(({ name, quiet, flood }) => [
    name,
    String(quiet.requests),
    `${((100 * quiet.served) / quiet.requests).toFixed(1)} %`,
    String(quiet.refused),
    quiet.p50.toFixed(1),
    quiet.p99.toFixed(1),
    ...[200, 401, 429].map((status) => (flood ? String(flood.statuses[status] ?? 0) : '–')),
  ]);
  for (const line of align([heads, ...rows])) console.log(line);
  for (const { name, violations } of results) for (const what of violations) console.log(`\n${name}: ${what}.`);
  console.log(
    `\n${held ? 'Held' : 'DID NOT HOLD'}: with limits, all that the quiet tenant asks is served beside another’s flood.`,
  );
}

function printMutants() {
  if (mutants.length === 0) return;
  const survivors = mutants.filter(({ killed }) => !killed);
  for (const { name, scene, by, violations } of survivors)
    console.log(`SURVIVED: ${name} (${scene}, by "${by}")${violations.length > 0 ? `, though: ${violations}` : ''}`);
  console.log(`Faulty versions: ${mutants.length - survivors.length} of ${mutants.length} caught.`);
}
