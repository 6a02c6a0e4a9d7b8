import { editedFiles, withFaultyLibrary } from '../support/faulty-library.mjs';
import { MUTANTS } from './mutants.mjs';
import { runScene } from './run-scene.mjs';

/** How long a scene takes with a faulty version: the flood has used up what it may before the quiet tenant begins. */
const SECONDS = 1;

/** The faulty versions that these scenes have to catch. Throws where one does not fit the library any more. */
export async function mutantsOf(scenes) {
  const meant = MUTANTS.flatMap((mutant) => {
    const scene = scenes.find(({ name }) => name === mutant.scene);
    return scene ? [{ ...mutant, scene }] : [];
  });
  return Promise.all(
    meant.map(async ({ edits, ...mutant }) => ({
      ...mutant,
      files: await editedFiles(mutant.name, edits, 'test/prove/floods/mutants.mjs'),
    })),
  );
}

/** Runs its scene with a faulty version; answers what it was caught by. */
export async function runMutant({ name, scene, by, files }) {
  const { violations } = await withFaultyLibrary('flood-mutant', files, (library) =>
    runScene({ ...scene, isUsedUpFirst: true }, { seconds: SECONDS, library }),
  );
  return { name, scene: scene.name, by, killed: violations.some((what) => what.startsWith(by)), violations };
}
