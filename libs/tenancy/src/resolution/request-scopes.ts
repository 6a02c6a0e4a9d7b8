import type { TenancyScope } from '../context/tenancy-scope.js';
import { TenancyError, TenantRequiredError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import { isThenable } from './and-then.js';
import { pathOf } from './tenant-request.js';
import type { TenantRequest } from './tenant-request.js';
import type { TenantResolution } from './tenant-resolution.js';

/**
 * Makes the scope of a request. Where no tenant is to be had it is empty and keeps the reason, which `TenantGuard` throws
 * unless the route belongs to no tenant; until then nothing in it reaches a database.
 */
export class RequestScopes {
  /** @param isExcluded absent: no path is. */
  constructor(
    private readonly resolution: TenantResolution,
    private readonly isExcluded: ((path: string) => boolean) | undefined,
    private readonly required: boolean,
  ) {}

  /** The scope of a request; without a promise where nobody has to be asked. */
  open(request: TenantRequest): TenancyScope | PromiseLike<TenancyScope> {
    if (this.isExcluded?.(pathOf(request))) return {};
    try {
      const tenant = this.resolution.resolve(request);
      return isThenable(tenant) ? tenant.then((found) => this.scopeOf(found), refused) : this.scopeOf(tenant);
    } catch (error) {
      return refused(error);
    }
  }

  private scopeOf(tenant: Tenant | undefined): TenancyScope {
    if (tenant) return { tenant };
    return this.required ? { refusal: new TenantRequiredError(this.resolution.sources) } : {};
  }
}

function refused(error: unknown): TenancyScope {
  if (error instanceof TenancyError) return { refusal: error };
  throw error;
}
