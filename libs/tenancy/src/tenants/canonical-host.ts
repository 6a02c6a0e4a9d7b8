// Before anything is lower-cased: outside ASCII there are letters whose lower case is an ASCII one.
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;
const PORT = /:\d{1,5}$/;

/**
 * The one form of a host name: lower-case, without a port and without the dot that ends it. `undefined` for whatever is
 * not a plain ASCII host name (a list, credentials, an escape, another script), and for an IP address, which names no
 * tenant.
 *
 * @example
 * canonicalHost('App.Acme.com.:443'); // 'app.acme.com'
 * canonicalHost('acme.com, globex.com'); // undefined
 */
export function canonicalHost(host: string | undefined): string | undefined {
  if (host === undefined || host.length > 260) return undefined;
  const earlier = known.get(host);
  if (earlier !== undefined) return earlier === '' ? undefined : earlier;
  const name = read(host);
  // Those of an application are few. Whoever sends others only makes it forget them.
  if (known.size >= 1_000) known.clear();
  known.set(host, name ?? '');
  return name;
}

/** What was read lately: each request asks, and nearly all for the same. Empty: what is no host name. */
const known = new Map<string, string>();

function read(host: string): string | undefined {
  const name = host.replace(PORT, '').replace(/\.$/, '');
  if (name.length > 253) return undefined;
  const labels = name.split('.');
  if (!labels.every((label) => LABEL.test(label))) return undefined;
  // No top-level domain is a number; 127.0.0.1 and 0x7f.1 end in one.
  return /^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1)!) ? undefined : name.toLowerCase();
}
