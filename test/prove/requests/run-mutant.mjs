import { editedFiles, withFaultyLibrary } from '../support/faulty-library.mjs';
import { loadLibrary } from './load-library.mjs';
import { prove } from './proofs.mjs';

/** What a mutant is given at most. The library itself is proven with many more. */
const EXTENT = { strings: 45_000, sockets: 1_800 };

/** Applies the edits of all mutants, without running any. Throws where one does not fit the library any more. */
export async function mutate(mutants) {
  return Promise.all(
    mutants.map(async ({ edits, ...mutant }) => ({
      ...mutant,
      files: await editedFiles(mutant.name, edits, 'test/prove/requests/*mutants.mjs'),
    })),
  );
}

/**
 * Runs the proof that has to catch it, in this process: the copy has modules of its own. It is caught by the kind of violation
 * that is its own; what else is violated does not count.
 */
export function runMutant({ name, proof, by, files }, seed) {
  // Each in a folder of its own: a module is loaded once.
  return withFaultyLibrary(`request-mutant-${name.replaceAll(/[^a-z]+/gi, '-')}`, files, async (index) => {
    const library = await loadLibrary(index);
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
  });
}
