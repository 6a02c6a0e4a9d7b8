import type { TenantRequest } from '../tenant-request.js';
import { headerOf } from '../tenant-request.js';
import type { TenantResolver } from '../tenant-resolver.js';

/** Reads the tenant id from a header. */
export class HeaderTenantResolver implements TenantResolver {
  readonly source: string;

  constructor(readonly header = 'X-Tenant-ID') {
    this.source = `header ${header}`;
  }

  resolve(request: TenantRequest): string | undefined {
    return headerOf(request, this.header);
  }
}
