import { TenancyOptionsError } from '../../tenancy.errors.js';
import { canonicalHost } from '../../tenants/canonical-host.js';
import { namedHost } from '../named-host.js';
import type { TenantRequest } from '../tenant-request.js';
import type { TenantDirectory, TenantResolver } from '../tenant-resolver.js';

/**
 * Finds the tenant that the whole host name belongs to, by the `domains` of the tenants. Needs a store that knows them.
 *
 * @example new DomainTenantResolver({ ignore: ['example.com', '*.example.com'] })
 */
export class DomainTenantResolver implements TenantResolver {
  readonly source = 'domain';
  private readonly names: ReadonlySet<string>;
  private readonly suffixes: readonly string[];

  /**
   * @param options `ignore`: the application's own host names, `*.` for all below one. They are nobody's, and are not
   * looked up: a request to them does not need the store. A name without a dot is never looked up. @defaultValue `[]`
   */
  constructor({ ignore = [] }: { readonly ignore?: readonly string[] } = {}) {
    this.names = new Set(ignore.filter((name) => !isWildcard(name)).map(hostNamed));
    this.suffixes = ignore.filter(isWildcard).map((name) => `.${hostNamed(name.slice(2))}`);
  }

  async resolve(request: TenantRequest, directory: TenantDirectory): Promise<string | undefined> {
    const host = namedHost(directory.hostOf(request), this.source);
    if (host === undefined || !host.includes('.') || this.names.has(host)) return undefined;
    if (this.suffixes.some((suffix) => host.endsWith(suffix))) return undefined;
    return directory.idOfDomain(host);
  }
}

const isWildcard = (name: string): boolean => name.startsWith('*.');

function hostNamed(name: string): string {
  const host = canonicalHost(name);
  if (host === undefined) throw new TenancyOptionsError(`${JSON.stringify(name)} is not a host name.`);
  return host;
}
