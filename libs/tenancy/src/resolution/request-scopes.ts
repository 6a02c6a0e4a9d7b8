import type { TenancyScope } from '../context/tenancy-scope.js';
import { TenancyError, TenantRequiredError } from '../tenancy.errors.js';
import { pathOf } from './tenant-request.js';
import type { TenantRequest } from './tenant-request.js';
import type { TenantResolution } from './tenant-resolution.js';

/**
 * Makes the scope of a request. Where no tenant is to be had it is empty and keeps the reason, which `TenantGuard` throws
 * unless the route belongs to no tenant; until then nothing in it reaches a database.
 */
export class RequestScopes {
  constructor(
    private readonly resolution: TenantResolution,
    private readonly isExcluded: (path: string) => boolean,
    private readonly required: boolean,
  ) {}

  async open(request: TenantRequest): Promise<TenancyScope> {
    if (this.isExcluded(pathOf(request))) return {};
    try {
      const tenant = await this.resolution.resolveFromRequest(request);
      if (tenant) return { tenant };
      return this.required ? { refusal: new TenantRequiredError(this.resolution.sources) } : {};
    } catch (error) {
      if (error instanceof TenancyError) return { refusal: error };
      throw error;
    }
  }
}
