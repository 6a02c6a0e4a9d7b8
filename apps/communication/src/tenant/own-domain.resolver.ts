import type { TenantDirectory, TenantRequest, TenantResolver } from 'nestjs-tenancy';
import { DomainTenantResolver, headerOf } from 'nestjs-tenancy';

/**
 * Finds the tenant of a host name of its own. The service's own names are nobody's: they are not asked for, so that a
 * request to them needs no registry, and those who are known are served while it is away.
 */
export class OwnDomainResolver implements TenantResolver {
  readonly source = 'domain';
  private readonly domains = new DomainTenantResolver();

  constructor(private readonly baseDomain: string) {}

  async resolve(request: TenantRequest, directory: TenantDirectory): Promise<string | undefined> {
    const host = (headerOf(request, 'Host') ?? '').toLowerCase().replace(/:\d+$/, '').replace(/\.$/, '');
    const isOurs = !host.includes('.') || host === this.baseDomain || host.endsWith(`.${this.baseDomain}`);
    return isOurs ? undefined : this.domains.resolve(request, directory);
  }
}
