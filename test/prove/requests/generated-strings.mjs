import fc from 'fast-check';
import { SPECIALS } from './special-strings.mjs';

const character = fc.constantFrom(...'abcxyz0189');
const word = fc
  .tuple(character, fc.string({ unit: fc.constantFrom(...'abcxyz0189-_'), maxLength: 12 }), character)
  .map((parts) => parts.join(''));
const id = fc.oneof(
  fc.constantFrom('acme', 'globex'),
  word,
  fc.integer({ min: 1, max: 70 }).map((length) => 'a'.repeat(length)),
);
const label = word.map((text) => text.replaceAll('_', '-'));
const host = fc.oneof(
  label.map((text) => `${text}.example.test`),
  fc.integer({ min: 60, max: 66 }).map((length) => `${'a'.repeat(length)}.example.test`),
  fc
    .tuple(label, fc.constantFrom('.', '..', ':', ':80', '.:443', ':80.', ':65535', ':99999', ':123456', ' ', '.test.'))
    .map(([text, end]) => `${text}.example.test${end}`),
  fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.')),
  fc.integer({ min: 1, max: 130 }).map((labels) => `${'a.'.repeat(labels)}test`),
  fc.constantFrom('example.test', 'www.example.test', 'ACME.Example.Test', '1.2.3.4', '1.2.3', 'a.0x1f'),
);

/** Some of what is there, changed at a few places. */
function changed(base) {
  const change = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    what: fc.constantFrom(...SPECIALS),
    cut: fc.nat(2),
  });
  return fc.tuple(base, fc.array(change, { maxLength: 3 }), fc.boolean()).map(([text, changes, isLoud]) => {
    const result = changes.reduce((now, { at, what, cut }) => {
      const place = Math.floor(at * (now.length + 1));
      return now.slice(0, place) + what + now.slice(place + cut);
    }, text);
    return isLoud && changes.length === 0 ? result.toUpperCase() : result;
  });
}

const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());
const mostly = (base) =>
  fc.oneof({ weight: 2, arbitrary: base }, { weight: 6, arbitrary: changed(base) }, { weight: 1, arbitrary: anything });

/** Every letter as itself or as an escape, or as the escape of one. */
const escaped = fc.tuple(id, fc.infiniteStream(fc.nat(3)), fc.boolean()).map(([text, ways, isTwice]) =>
  [...text]
    .map((one) => {
      const hex = one.codePointAt(0).toString(16).padStart(2, '0');
      const way = ways.next().value;
      if (way === 0) return `%${hex.toUpperCase()}`;
      return way === 1 && isTwice ? `%25${hex}` : one;
    })
    .join(''),
);

/** What may come after a parameter. */
const more = fc.constantFrom('&tenant_id=globex', '&tenant_id', '&tenant_id[]=globex', '&tenant%5Fid=acme', '&x=1');

export const STRINGS = {
  id: mostly(id),
  host: mostly(host),
  acmesHost: fc.oneof(changed(fc.constant('acme.example.test')), mostly(host)),
  escaped: fc.oneof(
    escaped,
    changed(escaped),
    mostly(id),
    fc.tuple(escaped, more).map((parts) => parts.join('')),
  ),
};

/** As bytes in a header or a request line, none of which may end its line. */
export function onTheWire(arbitrary) {
  return fc
    .tuple(arbitrary, fc.constantFrom('utf8', 'latin1'))
    .map(([text, encoding]) => Buffer.from(text.replaceAll('\n', ''), encoding));
}
