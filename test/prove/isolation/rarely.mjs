import fc from 'fast-check';

/** One of the names; those that cost a connection, and so a new one, come up less often. */
export function rarely(dear, names) {
  const cheap = names.filter((name) => !dear.includes(name));
  return fc.oneof(
    { weight: 7, arbitrary: fc.constantFrom(...cheap) },
    { weight: 1, arbitrary: fc.constantFrom(...dear) },
  );
}
