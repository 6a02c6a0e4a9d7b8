import { InvalidTenantIdError } from '../tenancy.errors.js';
import { canonicalHost } from '../tenants/canonical-host.js';

/**
 * The one form of the host that a request was sent to; `undefined` for none and for an address, which is nobody's. Throws
 * for anything else that is no host name: it was made to be misread.
 */
export function namedHost(sent: string | undefined, source: string): string | undefined {
  if (sent === undefined) return undefined;
  const host = canonicalHost(sent);
  if (host !== undefined || isAddress(sent)) return host;
  throw new InvalidTenantIdError(sent, source, 'The host is a plain ASCII host name.');
}

function isAddress(host: string): boolean {
  return /^(?:[\d.]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(host);
}
