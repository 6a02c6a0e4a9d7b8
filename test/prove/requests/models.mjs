// What the library has to make of a string, written once more in another way: a character at a time, without a regular
// expression, a URL parser or anything of the library.
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const HEX = 'abcdef';

const isOneOf = (character, set) => character !== '' && set.includes(character);
const isAll = (text, set) => [...text].every((character) => isOneOf(character, set));

/** Whether a string is a tenant id. */
export function isId(text) {
  if (text.length < 1 || text.length > 63) return false;
  if (!isAll(text, `${LOWER}${DIGITS}-_`)) return false;
  return isOneOf(text[0], LOWER + DIGITS) && isOneOf(text[text.length - 1], LOWER + DIGITS);
}

/** A host's one form, `undefined` where it is none. */
export function canonical(text) {
  let name = text;
  const colon = name.lastIndexOf(':');
  if (colon !== -1) {
    const port = name.slice(colon + 1);
    if (port.length < 1 || port.length > 5 || !isAll(port, DIGITS)) return undefined;
    name = name.slice(0, colon);
  }
  if (name.endsWith('.')) name = name.slice(0, -1);
  if (name.length > 253) return undefined;
  const folded = [...name].map((character) =>
    UPPER.includes(character) ? LOWER[UPPER.indexOf(character)] : character,
  );
  const labels = folded.join('').split('.');
  for (const label of labels) {
    if (label.length < 1 || label.length > 63 || !isAll(label, `${LOWER}${DIGITS}-`)) return undefined;
    if (label.startsWith('-') || label.endsWith('-')) return undefined;
  }
  const last = labels[labels.length - 1];
  if (isAll(last, DIGITS) || (last.startsWith('0x') && isAll(last.slice(2), DIGITS + HEX))) return undefined;
  return labels.join('.');
}

/** Whether a host is written as an address, which names nobody and is no fault. */
export function isAddress(text) {
  let name = text;
  const colon = name.lastIndexOf(':');
  const port = colon === -1 ? '' : name.slice(colon + 1);
  if (port.length >= 1 && port.length <= 5 && isAll(port, DIGITS) && !name.endsWith(']')) name = name.slice(0, colon);
  if (name === '') return false;
  if (isAll(name, `${DIGITS}.`)) return true;
  const inner = name.slice(1, -1);
  return name.startsWith('[') && name.endsWith(']') && inner !== '' && isAll(inner.toLowerCase(), `${DIGITS}${HEX}:.`);
}

/** The text of percent escapes; `undefined` where they are none, or not UTF-8. */
export function unescaped(text) {
  const bytes = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== '%') {
      bytes.push(...Buffer.from(String.fromCodePoint(text.codePointAt(at)), 'utf8'));
      if (text.codePointAt(at) > 0xffff) at += 1;
      continue;
    }
    const digits = text.slice(at + 1, at + 3).toLowerCase();
    if (digits.length !== 2 || !isAll(digits, DIGITS + HEX)) return undefined;
    bytes.push(Number.parseInt(digits, 16));
    at += 2;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes));
  } catch {
    return undefined;
  }
}

/** What is left of a header's value without the white space around it, as a server reads it: a byte is a character. */
export function headerValue(bytes) {
  let text = bytes.toString('latin1');
  while (text.startsWith(' ') || text.startsWith('\t')) text = text.slice(1);
  while (text.endsWith(' ') || text.endsWith('\t')) text = text.slice(0, -1);
  return text;
}

/** The id in the place of `/tenants/:tenantId`, `undefined` where there is none, `null` where it is unreadable. */
export function idInPath(path) {
  const segments = path.split('/').filter((segment) => segment.length > 0);
  if (path.includes('\\')) return null;
  if (segments.length < 2) return undefined;
  const first = unescaped(segments[0]);
  if (first === undefined) return null;
  if ([...first].map((one) => (UPPER.includes(one) ? LOWER[UPPER.indexOf(one)] : one)).join('') !== 'tenants') {
    return undefined;
  }
  return unescaped(segments[1]) ?? null;
}
