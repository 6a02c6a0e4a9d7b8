// Whether any tenant can see, change or be left anything of another one, whatever users do at once: see --help.
//
//   npm run prove:isolation -- --operations 100000 --seed 1
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Logger } from '@nestjs/common';
import { startEmbeddedPostgres } from '../../apps/sandbox/dist/embedded-postgres.js';
import { mutantsNamed } from './isolation/mutants.mjs';
import { readOptions } from './isolation/options.mjs';
import { createProgress, grouped } from './support/progress.mjs';
import {
  createProveDatabase,
  dropProveDatabase,
  dropProveDatabases,
  newDatabaseName,
} from './isolation/prove-database.mjs';
import { runCases } from './isolation/run-cases.mjs';
import { reportMutants, reportProof } from './isolation/report.mjs';
import { mutate, runMutants } from './isolation/run-mutants.mjs';

// Connections are asked for several statements at once on purpose, which pg is about to drop.
process.noDeprecation = true;
// What it says of each start is known, and said again for each case.
Logger.overrideLogger(false);
const options = readOptions();
const progress = createProgress();
// First, as it takes no time: a mutant that is out of date is better known before than after some minutes.
const mutated = options.mutants ? await mutate(mutantsNamed(options.only)) : [];
const server = process.env.TEST_DATABASE_URL ? undefined : await startServer();
const serverUrl = process.env.TEST_DATABASE_URL ?? server.url;
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void giveUp());
try {
  const proof = options.only === undefined ? await proveLibrary() : undefined;
  const mutants = proof?.violation ? [] : await proveMutants();
  if (options.json) console.log(JSON.stringify(resultOf(proof, mutants)));
  if (proof?.violation || mutants.some(({ killed }) => !killed)) process.exitCode = 1;
} finally {
  await server?.stop();
}

async function proveLibrary() {
  const library = await import(options.library ? pathToFileURL(options.library).href : 'nestjs-tenancy');
  const name = options.database ?? newDatabaseName();
  if (!options.json) console.log(`seed: ${options.seed}`);
  try {
    const database = await createProveDatabase(serverUrl, name);
    const proof = await runCases(library, database, {
      operations: options.operations,
      seed: options.seed,
      isShrunk: options.shrink,
      progress: (done, seconds) =>
        progress.show(
          `${grouped(done)} of ${grouped(options.operations)} operations, ${grouped(done / seconds)} a second`,
        ),
    });
    await database.close();
    progress.clear();
    if (!options.json) reportProof(proof);
    return proof;
  } finally {
    await dropProveDatabase(serverUrl, name);
  }
}

async function proveMutants() {
  if (mutated.length === 0) return [];
  const mutants = await runMutants(mutated, {
    serverUrl,
    seed: options.seed,
    progress: (done, all) => progress.show(`${done} of ${all} mutants`),
  });
  progress.clear();
  if (!options.json) reportMutants(mutants);
  return mutants;
}

function resultOf(proof, mutants) {
  const killed = mutants.filter((mutant) => mutant.killed).length;
  return {
    seed: options.seed,
    ...(proof ? { ...proof, violations: proof.violation ? 1 : 0 } : {}),
    mutants: { killed, of: mutants.length, each: mutants },
  };
}

async function startServer() {
  const directory = await mkdtemp(join(tmpdir(), 'nestjs-tenancy-prove-'));
  return startEmbeddedPostgres({ directory, persistent: false, durable: false });
}

/** Interrupted: leaves nothing either. */
async function giveUp() {
  await dropProveDatabases(serverUrl);
  await server?.stop();
  process.exit(130);
}
