import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { loadLibrary } from './load-library.mjs';
import { prove } from './proofs.mjs';

const LIBRARY = new URL('../../../libs/tenancy/', import.meta.url);
// Below node_modules, so that what the library imports is found.
const WORKSHOP = new URL('../../../node_modules/.cache/nestjs-tenancy-request-mutants/', import.meta.url);
/** What a mutant is given at most. The library itself is proven with many more. */
const EXTENT = { strings: 45_000, sockets: 1_800 };

/** Applies the edits of all mutants, without running any. Throws where one does not fit the library any more. */
export async function mutate(mutants) {
  return Promise.all(
    mutants.map(async ({ edits, ...mutant }) => {
      const files = new Map();
      for (const { file, find, replace } of edits) {
        const text = files.get(file) ?? (await readFile(new URL(`dist/${file}`, LIBRARY), 'utf8'));
        const times = text.split(find).length - 1;
        if (times !== 1) {
          throw new Error(
            `The mutant "${mutant.name}" is out of date: ${JSON.stringify(find)} is ${times} times in dist/${file}, not once. ` +
              'Mend it in test/prove/requests/mutants.mjs.',
          );
        }
        files.set(
          file,
          text.replace(find, () => replace),
        );
      }
      return { ...mutant, files };
    }),
  );
}

const isCode = (path) => !/\.(?:d\.ts|map|tsbuildinfo)$/.test(path);

/**
 * Runs the proof that has to catch it, in this process: the copy has modules of its own. It is caught by the kind of violation
 * that is its own; what else is violated does not count.
 */
export async function runMutant({ name, proof, by, files }, seed) {
  const folder = new URL(`${process.pid}/${name.replaceAll(/[^a-z]+/gi, '-')}/`, WORKSHOP);
  try {
    await mkdir(folder, { recursive: true });
    await cp(new URL('package.json', LIBRARY), new URL('package.json', folder));
    await cp(new URL('dist/', LIBRARY), new URL('dist/', folder), { recursive: true, filter: isCode });
    for (const [file, text] of files) await writeFile(new URL(`dist/${file}`, folder), text);
    const library = await loadLibrary(new URL('dist/index.js', folder).href);
    const { kinds, violations, seconds } = await prove(proof, library, {
      ...EXTENT,
      seed,
      awaited: by,
      isShrunk: false,
      progress: () => undefined,
    });
    const killed = kinds.includes(by);
    // The one that caught it; of a survivor, what did not.
    const violation = violations.find((one) => !killed || one.startsWith(`${by}: `));
    return { name, proof, by, killed, seconds, violation };
  } finally {
    await rm(new URL(`${process.pid}/`, WORKSHOP), { recursive: true, force: true });
  }
}
