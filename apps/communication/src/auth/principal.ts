import { z } from 'zod';

/** Whom a token must be meant for. */
export const AUDIENCE = 'communication';
export const DEFAULT_ISSUER = 'communication';

/** The claims that a verified token must have. `exp` too: a token that never ends is refused. */
export const claims = z.object({
  sub: z.string().min(1),
  tenant: z.string().optional(),
  role: z.string().optional(),
  exp: z.number(),
});

/** The authenticated caller, as it stands on `request.user`. */
export interface Principal {
  readonly sub: string;
  /** The tenant it acts for. */
  readonly tenant?: string;
  /** `platform` may act for any tenant. */
  readonly role?: string;
}

export function mayActForAnyTenant({ role }: Pick<Principal, 'role'>): boolean {
  return role === 'platform';
}
