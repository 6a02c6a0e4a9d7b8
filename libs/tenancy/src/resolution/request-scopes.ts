import type { TenancyScope } from '../context/tenancy-scope.js';
import { TenancyError, TenantConflictError, TenantContextMissingError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import { isThenable } from './and-then.js';
import type { RouteTenancy } from './route-tenancy.js';
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

  /** What the answers depend on; of the route, where that has resolvers of its own. */
  headers(route?: RouteTenancy): readonly string[] {
    return route ? this.resolution.headersOf(route) : this.resolution.headers;
  }

  /** The scope of a request; without a promise where nobody has to be asked. */
  open(request: TenantRequest): TenancyScope | PromiseLike<TenancyScope> {
    return this.isExcluded?.(pathOf(request)) ? { openedBy: this } : this.scopeOf(request);
  }

  /** The scope of a socket. No path is excluded: all gateways of an application may have one, which is `/` with ws. */
  openSocket(handshake: TenantRequest): TenancyScope | PromiseLike<TenancyScope> {
    return this.scopeOf(handshake);
  }

  /**
   * Decides once more, by the resolvers of the route. A request that has run as one tenant until here never becomes another:
   * what it has begun would go on as that one.
   */
  async decide(request: TenantRequest, route: RouteTenancy, earlier: Tenant | undefined): Promise<TenancyScope> {
    const scope = await this.scopeOf(request, route);
    if (!earlier || !scope.tenant || scope.tenant.id === earlier.id) return scope;
    const answers = [['the request', earlier.id] as const, ['its route', scope.tenant.id] as const];
    return { openedBy: this, refusal: new TenantConflictError(answers) };
  }

  private scopeOf(request: TenantRequest, route?: RouteTenancy): TenancyScope | PromiseLike<TenancyScope> {
    try {
      const { resolution } = this;
      const tenant = this.required ? resolution.require(request, route) : resolution.resolve(request, route);
      return isThenable(tenant) ? tenant.then(this.scopeWith, this.refused) : this.scopeWith(tenant);
    } catch (error) {
      return this.refused(error);
    }
  }

  private readonly scopeWith = (tenant: Tenant | undefined): TenancyScope =>
    tenant ? { openedBy: this, tenant } : { openedBy: this };

  private readonly refused = (error: unknown): TenancyScope => {
    if (error instanceof TenancyError) return { openedBy: this, refusal: error };
    throw error;
  };
}

/** Throws where a handler that needs a tenant must not run: for the reason that the scope keeps. */
export function admit(scope: TenancyScope | undefined): void {
  // What tenancy missed has no scope at all: without this it would run for nobody.
  if (!scope) throw new TenantContextMissingError();
  if (scope.refusal) throw scope.refusal;
}
