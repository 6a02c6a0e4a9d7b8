import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';

const LIBRARY = new URL('../../../libs/tenancy/', import.meta.url);
const isCode = (path) => !/\.(?:d\.ts|map|tsbuildinfo)$/.test(path);

/**
 * What compiled files of the library become by edits, without writing any. `find` has to be in its file exactly once: throws
 * where it is not, and says in which `list` of faulty versions to mend it.
 */
export async function editedFiles(name, edits, list) {
  const files = new Map();
  for (const { file, find, replace } of edits) {
    const text = files.get(file) ?? (await readFile(new URL(`dist/${file}`, LIBRARY), 'utf8'));
    const times = text.split(find).length - 1;
    if (times !== 1) {
      throw new Error(
        `The mutant "${name}" is out of date: ${JSON.stringify(find)} is ${times} times in dist/${file}, not once. ` +
          `Mend it in ${list}.`,
      );
    }
    files.set(
      file,
      text.replace(find, () => replace),
    );
  }
  return files;
}

/** Does work with a copy of the library that has these files; `work` is given the address of its index. */
export async function withFaultyLibrary(folderName, files, work) {
  // Below node_modules, so that what the library imports is found.
  const cache = new URL('../../../node_modules/.cache/', import.meta.url);
  const folder = new URL(`nestjs-tenancy-${folderName}-${process.pid}/`, cache);
  try {
    await mkdir(folder, { recursive: true });
    await cp(new URL('package.json', LIBRARY), new URL('package.json', folder));
    await cp(new URL('dist/', LIBRARY), new URL('dist/', folder), { recursive: true, filter: isCode });
    for (const [file, text] of files) await writeFile(new URL(`dist/${file}`, folder), text);
    return await work(new URL('dist/index.js', folder).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
