import { InvalidTenantIdError, TenancyOptionsError } from '../../tenancy.errors.js';
import { canonicalHost } from '../canonical-host.js';
import type { TenantRequest } from '../tenant-request.js';
import { hostOf } from '../tenant-request.js';
import type { TenantResolver } from '../tenant-resolver.js';

/** Reads the tenant id from the label before a domain: `acme` of `acme.example.com`. */
export class SubdomainTenantResolver implements TenantResolver {
  readonly source: string;
  private readonly suffix: string;
  private readonly ignored: ReadonlySet<string>;

  /**
   * @param domain the application's own domain, such as `example.com`
   * @param options `ignore`: labels that are no tenants. @defaultValue `['www']`
   */
  constructor(domain: string, { ignore = ['www'] }: { readonly ignore?: readonly string[] } = {}) {
    const base = canonicalHost(domain);
    if (base === undefined) throw new TenancyOptionsError(`${JSON.stringify(domain)} is not a domain.`);
    this.source = `subdomain of ${base}`;
    this.suffix = `.${base}`;
    this.ignored = new Set(ignore);
  }

  resolve(request: TenantRequest): string | undefined {
    const sent = hostOf(request);
    if (sent === undefined) return undefined;
    const host = canonicalHost(sent);
    if (host === undefined) {
      // An address is nobody's subdomain; anything else that is no host name was made to be misread.
      if (isAddress(sent)) return undefined;
      throw new InvalidTenantIdError(sent, this.source, 'The host is a plain ASCII host name.');
    }
    if (!host.endsWith(this.suffix)) return undefined;
    const label = host.slice(0, -this.suffix.length);
    return this.ignored.has(label) ? undefined : label;
  }
}

function isAddress(host: string): boolean {
  return /^(?:[\d.]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(host);
}
