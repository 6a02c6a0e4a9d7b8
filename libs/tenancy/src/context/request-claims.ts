import type { ExecutionContext } from '@nestjs/common';

/**
 * Whether the caller of a request has proven to be of its tenant: for what must not be done in a tenant's name before, such
 * as counting a request against its quota, or answering with what was made for it.
 */
export interface RequestClaims {
  /** Whether a verified claim is asked for at all: whether there is a `ClaimTenantResolver`. */
  readonly areAsked: boolean;
  /**
   * True where the caller's claim names this tenant, or the caller may act for any; false where nobody is authenticated,
   * or not yet. Throws `TenantClaimMismatchError` where the claim names another tenant.
   */
  agree(context: ExecutionContext, tenantId: string): Promise<boolean>;
}
