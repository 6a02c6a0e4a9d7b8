import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const folder = new URL('requests/', import.meta.url);
// A program's own part, which has no types.
const { MUTANTS } = (await import(new URL('mutants.mjs', folder).href)) as { MUTANTS: Array<{ by: string }> };

/** What the proofs may find, as they name it where they do. */
function kindsOfViolations(): Set<string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.mjs'));
  const texts = files.map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const named = texts.flatMap((text) => [...text.matchAll(/\b(?:violation|fail)\(\s*'([^']+)'/g)]);
  return new Set(named.map(([, kind]) => kind));
}

it('knows a fault for each kind of violation that the proofs of requests look for', () => {
  const kinds = kindsOfViolations();
  expect(kinds.size).toBeGreaterThan(15);
  const awaited = new Set(MUTANTS.map(({ by }) => by));

  expect([...kinds].filter((kind) => !awaited.has(kind))).toEqual([]);
});
