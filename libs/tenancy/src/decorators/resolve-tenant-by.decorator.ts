import { applyDecorators, SetMetadata, UseInterceptors } from '@nestjs/common';
import { ClaimAgreementInterceptor } from '../resolution/claim-agreement.interceptor.js';
import { ClaimTenantResolver } from '../resolution/resolvers/claim.resolver.js';
import type { RouteTenancy } from '../resolution/route-tenancy.js';
import type { TenantResolver } from '../resolution/tenant-resolver.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { RESOLVE_TENANT_BY } from '../tenancy.tokens.js';

/** How the resolvers of a route stand to those of the module. */
export interface ResolveTenantByOptions {
  /**
   * Asks them instead of the module's hints: for senders who give such hints for reasons of their own. A claim of the module
   * still binds, and a request that was another tenant's until the route was known is refused.
   * @defaultValue `false`: all must agree
   */
  readonly instead?: boolean;
}

/**
 * Gives an HTTP route, or all routes of a controller, resolvers of its own: a webhook, a public page, a link in a mail. They are
 * asked once the route is known, beside those of the module, and all that answer must agree; a claim binds as everywhere. They are
 * asked before all guards, and once more by the module's: what stands between may have authenticated the caller. On a path in
 * `exclude` they are asked too. A route marked `@BypassTenancy()`, itself or by its controller, belongs to nobody.
 *
 * @example
 * \@Post('hooks/:tenantId/mail')
 * \@ResolveTenantBy(new PathTenantResolver('/hooks/:tenantId'))
 * received() {}
 */
export function ResolveTenantBy(
  resolvers: TenantResolver | readonly TenantResolver[],
  { instead = false }: ResolveTenantByOptions = {},
): MethodDecorator & ClassDecorator {
  const list = Array.isArray(resolvers) ? (resolvers as readonly TenantResolver[]) : [resolvers as TenantResolver];
  if (list.length === 0 || list.some((resolver) => typeof resolver?.resolve !== 'function')) {
    throw new TenancyOptionsError('@ResolveTenantBy() takes a resolver, or a list of them that is not empty.');
  }
  const note = SetMetadata(RESOLVE_TENANT_BY, { resolvers: list, instead } satisfies RouteTenancy);
  const hasClaim = list.some((resolver) => resolver instanceof ClaimTenantResolver);
  // A guard of the route itself may be what verifies the claim: it is compared once more after all guards.
  return hasClaim ? applyDecorators(note, UseInterceptors(ClaimAgreementInterceptor)) : note;
}
