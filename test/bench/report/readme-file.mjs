import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { renderFigures } from './readme-figures.mjs';
import { renderRequests } from './readme-requests.mjs';
import { OTHER_NODE_FILE, readPresent, readResults, REQUESTS_FILE, REQUESTS_OTHER_NODE_FILE } from './results-file.mjs';

const README = fileURLToPath(new URL('../../../libs/tenancy/README.md', import.meta.url));
const PLACES = [
  {
    begin: '<!-- The figures up to the end mark are written by `npm run bench:readme`. -->',
    end: '<!-- The end of the figures. -->',
    render: async () => renderFigures(await readResults(), await readPresent(OTHER_NODE_FILE)),
  },
  {
    begin: '<!-- The figures of requests up to the end mark are written by `npm run bench:readme`. -->',
    end: '<!-- The end of the figures of requests. -->',
    render: async () => renderRequests(await readPresent(REQUESTS_FILE), await readPresent(REQUESTS_OTHER_NODE_FILE)),
  },
];

/** Puts the figures of the results files between the README's marks. */
export async function writeReadme() {
  const { expected } = await compareReadme();
  await writeFile(README, expected);
}

/** The README as it is, and as the results files say that it should be. */
export async function compareReadme() {
  const present = await readFile(README, 'utf8');
  let text = present;
  for (const { begin, end, render } of PLACES) {
    const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
    if (start === -1 || stop < start)
      throw new Error(`${README} has no place for the figures, between ${begin} and ${end}.`);
    text = `${text.slice(0, start)}${begin}\n\n${await render()}\n\n${text.slice(stop)}`;
  }
  return { present, expected: await format(text, { ...(await resolveConfig(README)), parser: 'markdown' }) };
}
