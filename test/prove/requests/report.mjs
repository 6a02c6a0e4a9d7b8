import { grouped } from '../support/progress.mjs';

export function reportProof({ name, counts, violations, seconds }) {
  const counted = Object.entries(counts).map(([what, times]) => `${grouped(times)} ${what}`);
  const verdict = violations.length === 0 ? 'held' : 'VIOLATED';
  console.log(`${name.padEnd(10)} ${verdict}: ${counted.join(', ')}; ${seconds} s`);
  for (const violation of violations) console.log(`  ${violation}`);
}

export function reportMutants(mutants, seconds) {
  const survivors = mutants.filter(({ killed }) => !killed);
  for (const { name, proof, by, violation } of survivors)
    console.log(`SURVIVED: ${name} (${proof}, by "${by}")${violation ? `, though there was ${violation}` : ''}`);
  if (mutants.length > 0) console.log(`mutants    ${mutants.length - survivors.length} of ${mutants.length} caught`);
  console.log(`in ${seconds} s`);
}
