import { grouped } from '../support/progress.mjs';

/** What was found in the library, as a person reads it. */
export function reportProof({ operations, seconds, violation }) {
  console.log(`operations: ${grouped(operations)} in ${Math.round(seconds)} s`);
  console.log(`violations: ${violation ? 1 : 0}`);
  if (!violation) return;
  const { seed, message, described } = violation;
  console.log(`
${message}

The smallest case in which it was seen:

${described}

Again: npm run prove:isolation -- --no-mutants --seed ${seed}
What is seen depends on who comes first, so it may take a few times.`);
}

/** Which mutants were caught, by what, and after how many operations. */
export function reportMutants(mutants) {
  console.log('');
  const width = Math.max(...mutants.map(({ name }) => name.length));
  for (const { name, killed, operations, by } of mutants) {
    const after = operations === undefined ? '' : `after ${grouped(operations)}`;
    console.log(`${killed ? 'killed  ' : 'SURVIVED'}  ${name.padEnd(width)}  ${after.padEnd(13)} ${oneLine(by)}`);
  }
  console.log(`\nmutants killed: ${mutants.filter(({ killed }) => killed).length} of ${mutants.length}`);
}

/** The reason, which is the last line; before it stands the operation. */
function oneLine(by = '') {
  const text = by.split('\n').find((line, at) => at > 0 && line.trim() !== '') ?? by;
  return text.trim().slice(0, 120);
}
