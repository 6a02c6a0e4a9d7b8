import type { TenantRequest } from '../tenant-request.js';
import type { TenantResolver } from '../tenant-resolver.js';

/** How `ClaimTenantResolver` reads what the authentication left on the request. */
export interface ClaimTenantResolverOptions {
  /** The authenticated caller. @defaultValue `request.user` */
  readonly principal?: (request: TenantRequest) => unknown;
  /** Whether a caller may act for any tenant, which the request then names by its hints. @defaultValue nobody may */
  readonly mayActForAny?: (principal: Readonly<Record<string, unknown>>) => boolean;
}

/**
 * Reads the tenant id from a verified claim of the authenticated caller. A claim binds: a hint that differs from it is
 * refused, and so is a caller without a claim who asks for a tenant.
 *
 * The authentication must have run before: as Express or Fastify middleware, or as the NestMiddleware of a global module
 * that is imported before `TenancyModule`.
 *
 * @example new ClaimTenantResolver('tenant', { mayActForAny: (user) => user.role === 'platform' })
 */
export class ClaimTenantResolver implements TenantResolver {
  readonly source: string;

  constructor(
    private readonly claim = 'tenant',
    private readonly options: ClaimTenantResolverOptions = {},
  ) {
    this.source = `claim ${claim}`;
  }

  resolve(request: TenantRequest): string | undefined {
    const principal = this.principalOf(request);
    const value = isObject(principal) ? principal[this.claim] : undefined;
    // Whatever else a token holds there is no id: it is handed on, and refused as one.
    return value === undefined || value === null ? undefined : (value as string);
  }

  /** Whether somebody is authenticated whose claim has to be respected, be it there or not. */
  binds(request: TenantRequest): boolean {
    const principal = this.principalOf(request);
    return isSomebody(principal) && !(isObject(principal) && (this.options.mayActForAny?.(principal) ?? false));
  }

  /** Whether somebody is authenticated, whatever he may do. */
  isAuthenticated(request: TenantRequest): boolean {
    return isSomebody(this.principalOf(request));
  }

  private principalOf(request: TenantRequest): unknown {
    return this.options.principal ? this.options.principal(request) : userOf(request);
  }
}

function isSomebody(principal: unknown): boolean {
  return principal !== undefined && principal !== null && principal !== false;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Fastify has a request of its own around Node's; an authentication may have left the user on either. */
function userOf(request: TenantRequest): unknown {
  return request.user ?? request.raw?.user;
}
