import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { dropProveDatabase, newDatabaseName } from './prove-database.mjs';

const LIBRARY = new URL('../../../libs/tenancy/', import.meta.url);
// Below node_modules, so that what the library imports is found.
const WORKSHOP = new URL('../../../node_modules/.cache/nestjs-tenancy-mutants/', import.meta.url);
const COMMAND = fileURLToPath(new URL('../isolation.mjs', import.meta.url));
/** What a mutant is given at most. The library itself is proven with many more. */
const OPERATIONS = 30_000;
const DEADLINE_MS = 120_000;
const AT_ONCE = 2;

/** Thrown where a mutant is not the faulty version that it says: then it proves nothing. */
export class MutantOutOfDateError extends Error {}

/** Applies the edits of all mutants, without running any. Throws where one does not fit the library any more. */
export async function mutate(mutants) {
  const mutated = [];
  for (const { name, edits } of mutants) {
    const files = new Map();
    for (const { file, find, replace } of edits) {
      const text = files.get(file) ?? (await readFile(new URL(`dist/database/${file}`, LIBRARY), 'utf8'));
      const times = text.split(find).length - 1;
      if (times !== 1) {
        throw new MutantOutOfDateError(
          `The mutant "${name}" is out of date: ${JSON.stringify(find)} is ${times} times in dist/database/${file}, not once. ` +
            'Mend it in test/prove/isolation/mutants.mjs.',
        );
      }
      files.set(
        file,
        text.replace(find, () => replace),
      );
    }
    mutated.push({ name, files });
  }
  return mutated;
}

/** Runs the proof against each, in a process of its own; answers what caught it. */
export async function runMutants(mutated, { serverUrl, seed, progress }) {
  await rm(WORKSHOP, { recursive: true, force: true });
  const results = [];
  const waiting = [...mutated.entries()];
  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const [at, { name, files }] = next;
          const library = await build(at, files);
          results[at] = { name, ...(await run(name, library, serverUrl, seed)) };
          progress(results.filter(Boolean).length, mutated.length);
        }
      }),
    );
  } finally {
    await rm(WORKSHOP, { recursive: true, force: true });
  }
  return results;
}

async function build(at, files) {
  const folder = new URL(`${at}/`, WORKSHOP);
  await mkdir(folder, { recursive: true });
  await cp(new URL('package.json', LIBRARY), new URL('package.json', folder));
  await cp(new URL('dist/', LIBRARY), new URL('dist/', folder), { recursive: true });
  for (const [file, text] of files) await writeFile(new URL(`dist/database/${file}`, folder), text);
  return fileURLToPath(new URL('dist/index.js', folder));
}

async function run(name, library, serverUrl, seed) {
  const database = newDatabaseName();
  const args = ['--library', library, '--database', database, '--seed', seed, '--operations', OPERATIONS];
  const child = spawn(process.execPath, [COMMAND, ...args.map(String), '--no-mutants', '--no-shrink', '--json'], {
    env: { ...process.env, TEST_DATABASE_URL: serverUrl },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const { code, signal, output, errors } = await ended(child);
    return verdict(name, { code, signal, output, errors });
  } finally {
    await dropProveDatabase(serverUrl, database);
  }
}

async function ended(child) {
  let output = '';
  let errors = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (errors += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const [code, signal] = await new Promise((resolve) => child.on('close', (...how) => resolve(how)));
  clearTimeout(timer);
  return { code, signal, output, errors };
}

function verdict(name, { code, signal, output, errors }) {
  if (signal === 'SIGKILL') return { killed: true, by: `did not end within ${DEADLINE_MS / 1_000} s` };
  const result = resultOf(output);
  const said = result?.violation?.message ?? errors;
  // What cannot even run would be caught by anything.
  if (/\b(?:SyntaxError|ReferenceError|ERR_MODULE_NOT_FOUND)\b/.test(said)) {
    throw new MutantOutOfDateError(`The mutant "${name}" does not run: ${said}`);
  }
  if (!result) return { killed: true, by: `the process ended with ${signal ?? code}: ${lastLine(errors)}` };
  if (!result.violation) return { killed: false, operations: result.operations };
  return { killed: true, operations: result.operations, by: said };
}

function lastLine(text) {
  return text.trim().split('\n').at(-1);
}

/** The last line, where the child came that far. */
function resultOf(output) {
  const line = lastLine(output);
  return line.startsWith('{') ? JSON.parse(line) : undefined;
}
