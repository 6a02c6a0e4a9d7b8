import { canonicalHost } from '../canonical-host.js';
import type { TenantRequest } from '../tenant-request.js';
import { headerOf } from '../tenant-request.js';
import type { TenantDirectory, TenantResolver } from '../tenant-resolver.js';

/** Finds the tenant that the whole host name belongs to, by the `domains` of the tenants. Needs a store that knows them. */
export class DomainTenantResolver implements TenantResolver {
  readonly source = 'domain';

  async resolve(request: TenantRequest, directory: TenantDirectory): Promise<string | undefined> {
    const host = canonicalHost(headerOf(request, 'Host'));
    return host === undefined ? undefined : directory.idOfDomain(host);
  }
}
