import { spawn } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const LIBRARY = new URL('../../../libs/tenancy/', import.meta.url);
// Below node_modules, so that what the library imports is found.
const WORKSHOP = new URL(`../../../node_modules/.cache/nestjs-tenancy-tenant-mutants-${process.pid}/`, import.meta.url);
const COMMAND = fileURLToPath(new URL('../tenants.mjs', import.meta.url));
const DEADLINE_MS = 60_000;
const AT_ONCE = 2;
// A fault that shows only where something is under way at the right moment may need another run.
const RUNS = 3;

/** Applies the edits of all mutants, without running any. Throws where one does not fit the library any more. */
export async function mutate(mutants) {
  return Promise.all(
    mutants.map(async ({ edits, ...mutant }) => ({ ...mutant, files: await edited(mutant.name, edits) })),
  );
}

async function edited(name, edits) {
  const files = new Map();
  for (const { file, find, replace } of edits) {
    const text = files.get(file) ?? (await readFile(new URL(`dist/tenants/${file}`, LIBRARY), 'utf8'));
    const times = text.split(find).length - 1;
    if (times !== 1) {
      throw new Error(
        `The mutant "${name}" is out of date: ${JSON.stringify(find)} is ${times} times in dist/tenants/${file}, not once. ` +
          'Mend it in test/prove/tenants/mutants.mjs.',
      );
    }
    files.set(
      file,
      text.replace(find, () => replace),
    );
  }
  return files;
}

/** Runs the phase that has to catch it against each, in a process of its own; answers what caught it. */
export async function runMutants(mutated, progress) {
  const results = [];
  const waiting = [...mutated.entries()];
  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
          const [at, { files, ...mutant }] = next;
          results[at] = { name: mutant.name, ...(await runUntilKilled(mutant, await build(at, files))) };
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
  for (const [file, text] of files) await writeFile(new URL(`dist/tenants/${file}`, folder), text);
  return fileURLToPath(new URL('dist/index.js', folder));
}

async function runUntilKilled(mutant, library) {
  for (let runs = 1; ; runs += 1) {
    const result = await run(mutant, library);
    if (runs === 1 && result.killed) return result;
    // Said, so that an oracle that sees its fault now and then only does not pass for one that always does.
    if (result.killed || runs === RUNS) return { ...result, by: `${result.by ?? 'not at all'}, in run ${runs}` };
  }
}

async function run({ name, phase, by }, library) {
  const child = spawn(process.execPath, [COMMAND, '--library', library, '--phase', phase, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (text) => (output += text));
  child.stderr.on('data', (text) => (errors += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const [code, signal] = await new Promise((resolve) => child.on('close', (...how) => resolve(how)));
  clearTimeout(timer);
  // What cannot even run proves nothing.
  if (!output.startsWith('{')) throw new Error(`The mutant "${name}" does not run (${signal ?? code}): ${errors}`);
  const violations = JSON.parse(output).phases.flatMap((each) => each.violations.map(({ what }) => what));
  if (violations.includes(by)) return { killed: true, by };
  return { killed: false, by: violations.length > 0 ? `not by "${by}", but: ${violations.join('; ')}` : undefined };
}
