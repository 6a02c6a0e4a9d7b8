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
  /** The tenant that a request had before it was decided anew, also where it was refused then. */
  private readonly ranAs = new WeakMap<TenancyScope, Tenant>();

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

  /** Whether a scope without a tenant may still be given one: nothing was excluded, and the application left it as it was. */
  isOpen(scope: TenancyScope, request: TenantRequest, route: RouteTenancy | undefined): boolean {
    // TenantContext.set() and clear() leave a word there.
    if (scope.openedBy !== this || scope.system !== undefined) return false;
    return route !== undefined || !this.isExcluded?.(pathOf(request));
  }

  /**
   * Decides once the route is known, by its resolvers where it has some, and notes it in the scope. A request that has run as
   * one tenant until here never becomes another: what it has begun would go on as that one.
   */
  async decide(scope: TenancyScope, request: TenantRequest, route: RouteTenancy | undefined): Promise<void> {
    const earlier = scope.tenant ?? this.ranAs.get(scope);
    if (earlier) this.ranAs.set(scope, earlier);
    const { tenant, refusal } = await this.scopeOf(request, route);
    leaveTenant(scope);
    if (refusal) scope.refusal = refusal;
    else if (earlier && tenant && tenant.id !== earlier.id) scope.refusal = becomesAnother(earlier, tenant);
    else if (tenant) scope.tenant = tenant;
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

/** What a scope was before a handler of nobody came by it. */
const beforeNobody = new WeakMap<TenancyScope, Partial<TenancyScope>>();

/** Makes a scope that of a handler that belongs to nobody. */
export function leaveToNobody(scope: TenancyScope): void {
  const { tenant, refusal, system } = scope;
  if (!tenant && !refusal) return;
  beforeNobody.set(scope, {
    ...(tenant && { tenant }),
    ...(refusal && { refusal }),
    ...(system !== undefined && { system }),
  });
  delete scope.system;
  leaveTenant(scope);
}

/**
 * Gives a scope back what it was, once: a handler of nobody may have handed its request on to the next route, with `next()`.
 * What the handler has decided itself, by `TenantContext`, stays.
 */
export function returnFromNobody(scope: TenancyScope): void {
  if (scope.tenant || scope.refusal || scope.system !== undefined) return;
  Object.assign(scope, beforeNobody.get(scope));
  beforeNobody.delete(scope);
}

/** Leaves a scope without a tenant, and without the reason why there is none. */
export function leaveTenant(scope: TenancyScope): void {
  delete scope.tenant;
  delete scope.refusal;
}

function becomesAnother(earlier: Tenant, tenant: Tenant): TenantConflictError {
  return new TenantConflictError([
    ['the request', earlier.id],
    ['its route', tenant.id],
  ]);
}
