const upper = (text) => text.toUpperCase();
const hex = (text) => [...text].map((one) => `%${one.codePointAt(0).toString(16).padStart(2, '0')}`).join('');
const segment = (at, change) => (path) =>
  path
    .split('/')
    .map((part, n) => (n === at && part ? change(part) : part))
    .join('/');
const last = (change) => (path) => path.replace(/[^/]+(?=\/?$)/, (part) => change(part));
const before = (text) => (path) => path.replace(/\/(?=[^/]*$)/, `/${text}/`);

/** Ways to write a path that some router, proxy or parser reads as the same one, or as another. */
const CHANGES = {
  'a slash at the end': (path) => `${path}/`,
  'two slashes at the end': (path) => `${path}//`,
  'two slashes at the beginning': (path) => `/${path}`,
  'two slashes before the end': before(''),
  'two slashes everywhere': (path) => path.replaceAll('/', '//'),
  'the first part in capitals': segment(1, upper),
  'the second part in capitals': segment(2, upper),
  'the last part in capitals': last(upper),
  'all in capitals': upper,
  'an escaped letter in front': segment(1, (part) => hex(part[0]) + part.slice(1)),
  'an escaped second part': segment(2, hex),
  'an escaped third part': segment(3, hex),
  'an escaped last part': last(hex),
  'an escape in capitals': last((part) => upper(hex(part))),
  'a twice escaped letter': last((part) => `%25${hex(part[0]).slice(1)}${part.slice(1)}`),
  'an escaped slash': (path) => path.replace(/\/(?=[^/]*$)/, '%2f'),
  'a dot segment': before('.'),
  'two dots': before('x/..'),
  'escaped dots': before('x/%2e%2e'),
  'half escaped dots': before('x/.%2e'),
  'dots with a parameter': before('x/..;'),
  'another tenant, and back': before('tenants/globex/../..'),
  'a parameter': last((part) => `${part};v=1`),
  'a parameter in the second part': segment(2, (part) => `${part};v=1`),
  'a suffix': last((part) => `${part}.json`),
  'a null byte': last((part) => `${part}%00`),
  'a space': last((part) => `${part}%20`),
  'a line break': last((part) => `${part}%0a`),
  'a broken escape': last((part) => `${part}%`),
  'an overlong escape': segment(2, (part) => `%c1%a1${part.slice(1)}`),
  'a letter of another width': segment(2, (part) => `%ef%bd%81${part.slice(1)}`),
  'a backslash': (path) => path.replace(/\/(?=[^/]*$)/, '\\'),
  'a query': (path) => `${path}?x=/tenants/globex/notes`,
  'a query with nothing in it': (path) => `${path}?`,
  'a fragment': (path) => `${path}#/tenants/globex/notes`,
  'the host in front': (path) => `http://localhost${path}`,
  'nobody’s host in front': (path) => `http://${path}`,
};

/** A path as it is, with each change, and where that is asked for with each two of them. */
export function variantsOf(path, isTwice) {
  const changes = Object.values(CHANGES);
  const once = changes.map((change) => change(path));
  const twice = isTwice ? once.flatMap((changed) => changes.map((change) => change(changed))) : [];
  return [...new Set([path, ...once, ...twice])];
}
