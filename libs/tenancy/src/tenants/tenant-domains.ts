import { domainToASCII } from 'node:url';
import { TenantChangeRefusedError } from '../tenancy.errors.js';
import { canonicalHost } from './canonical-host.js';

/** A domain as hosts are compared. What is no host name stays as it is: no host is equal to it. */
export function foldDomain(domain: string): string {
  return canonicalHost(domain) ?? domain;
}

/** Refuses what would never be found: a domain that is not written as hosts are compared, or that no host can be. */
export function assertDomains(tenantId: string, domains?: readonly unknown[] | null): void {
  for (const domain of domains ?? []) {
    const canonical = canonicalOf(domain);
    if (canonical === domain) continue;
    const shown = typeof domain === 'string' ? JSON.stringify(domain).slice(0, 300) : `of type ${typeof domain}`;
    const message =
      canonical === undefined
        ? `The domain ${shown} is not a whole host name such as app.acme.com: no scheme, port, path, address or single label.`
        : `The domain ${shown} is not written as hosts are compared. Write ${JSON.stringify(canonical)}.`;
    throw new TenantChangeRefusedError(tenantId, 'DOMAIN_INVALID', message);
  }
}

/** How a domain is to be written; `undefined` where it is none. A name without a dot is never looked up. */
function canonicalOf(domain: unknown): string | undefined {
  if (typeof domain !== 'string') return undefined;
  const name = canonicalHost(domain) ?? canonicalHost(domainToASCII(domain));
  return name?.includes('.') ? name : undefined;
}
