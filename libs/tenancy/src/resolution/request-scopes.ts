import type { TenancyScope } from '../context/tenancy-scope.js';
import { TenancyError, TenantConflictError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import type { RouteTenancy } from './route-tenancy.js';
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
    return this.isExcluded(pathOf(request)) ? {} : this.scopeOf(request);
  }

  /**
   * Decides once more, by the resolvers of the route. A request that has run as one tenant until here never becomes another:
   * what it has begun would go on as that one.
   */
  async decide(request: TenantRequest, route: RouteTenancy, earlier: Tenant | undefined): Promise<TenancyScope> {
    const scope = await this.scopeOf(request, route);
    if (!earlier || !scope.tenant || scope.tenant.id === earlier.id) return scope;
    const answers = [['the request', earlier.id] as const, ['its route', scope.tenant.id] as const];
    return { refusal: new TenantConflictError(answers) };
  }

  private async scopeOf(request: TenantRequest, route?: RouteTenancy): Promise<TenancyScope> {
    try {
      const tenant = await (this.required
        ? this.resolution.requireFromRequest(request, route)
        : this.resolution.resolveFromRequest(request, route));
      return tenant ? { tenant } : {};
    } catch (error) {
      if (error instanceof TenancyError) return { refusal: error };
      throw error;
    }
  }
}
