import { TenancyOptionsError } from '../../tenancy.errors.js';
import { canonicalHost } from '../../tenants/canonical-host.js';
import { namedHost } from '../named-host.js';
import type { TenantRequest } from '../tenant-request.js';
import { hostOf } from '../tenant-request.js';
import type { TenantDirectory, TenantResolver } from '../tenant-resolver.js';

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
    this.ignored = new Set(ignore.map((label) => label.toLowerCase()));
  }

  resolve(request: TenantRequest, directory: Pick<TenantDirectory, 'hostOf'> = { hostOf }): string | undefined {
    const host = namedHost(directory.hostOf(request), this.source);
    if (host === undefined || !host.endsWith(this.suffix)) return undefined;
    const label = host.slice(0, -this.suffix.length);
    return this.ignored.has(label) ? undefined : label;
  }
}
