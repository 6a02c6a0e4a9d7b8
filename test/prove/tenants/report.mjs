/** What was seen in each phase, as a person reads it. */
export function reportPhases(phases) {
  const rows = phases.map(({ name, known, unknown, oldest, lookups, atMost, violations }) => [
    name,
    `${known.served} of ${known.asked}`,
    String(known.p99),
    String(oldest),
    unknown.asked === 0 ? '–' : `${unknown.nobody} + ${unknown.refused} of ${unknown.asked}`,
    unknown.asked === 0 ? '–' : String(Math.round(unknown.max)),
    atMost === undefined ? String(lookups) : `${lookups} of ${atMost}`,
    violations.length === 0 ? 'held' : 'VIOLATED',
  ]);
  const head = [
    'the registry',
    'known served',
    'p99 ms',
    'oldest ms',
    'nobody + refused',
    'longest ms',
    'look-ups',
    '',
  ];
  const widths = head.map((text, at) => Math.max(text.length, ...rows.map((row) => row[at].length)));
  for (const row of [head, ...rows])
    console.log(
      row
        .map((text, at) => text.padEnd(widths[at]))
        .join('  ')
        .trimEnd(),
    );
  for (const { heapMiB } of phases) {
    if (heapMiB) console.log(`\nheap: ${heapMiB.before} MiB before the flood, ${heapMiB.growth} MiB more after it`);
  }
  for (const { name, violations } of phases) {
    for (const { what, count, first } of violations) console.log(`\n${name}: ${what}, ${count} times. ${first}`);
  }
}

/** Which mutants were caught, and by what. */
export function reportMutants(mutants) {
  if (mutants.length === 0) return;
  console.log('');
  const width = Math.max(...mutants.map(({ name }) => name.length));
  for (const { name, killed, by } of mutants) {
    console.log(`${killed ? 'killed  ' : 'SURVIVED'}  ${name.padEnd(width)}  ${by ?? ''}`.trimEnd());
  }
  console.log(`\nmutants killed: ${mutants.filter(({ killed }) => killed).length} of ${mutants.length}`);
}
