import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { renderFigures } from './readme-figures.mjs';
import { OTHER_NODE_FILE, readPresent, readResults } from './results-file.mjs';

const README = fileURLToPath(new URL('../../../libs/tenancy/README.md', import.meta.url));
const BEGIN = '<!-- The figures up to the end mark are written by `npm run bench:readme`. -->';
const END = '<!-- The end of the figures. -->';

/** Puts the figures of the results file between the README's marks. */
export async function writeReadme() {
  const { expected } = await compareReadme();
  await writeFile(README, expected);
}

/** The README as it is, and as the results file says that it should be. */
export async function compareReadme() {
  const present = await readFile(README, 'utf8');
  const [start, end] = [present.indexOf(BEGIN), present.indexOf(END)];
  if (start === -1 || end < start)
    throw new Error(`${README} has no place for the figures, between ${BEGIN} and ${END}.`);
  const figures = renderFigures(await readResults(), await readPresent(OTHER_NODE_FILE));
  const text = `${present.slice(0, start)}${BEGIN}\n\n${figures}\n\n${present.slice(end)}`;
  return { present, expected: await format(text, { ...(await resolveConfig(README)), parser: 'markdown' }) };
}
