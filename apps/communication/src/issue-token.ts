import { JwtService } from '@nestjs/jwt';
import type { JwtSignOptions } from '@nestjs/jwt';
import { AUDIENCE, DEFAULT_ISSUER } from './auth/principal.js';

export interface TokenOptions {
  /** The tenant that the holder acts for. */
  readonly tenant?: string;
  /** Whether the holder may act for any tenant, which each request then names. @defaultValue `false` */
  readonly platform?: boolean;
  /** Who holds it. @defaultValue `'platform'`, or `'user@'` and the tenant */
  readonly subject?: string;
  /** The service's JWT_SECRET. */
  readonly secret: string;
  /** The service's JWT_ISSUER. @defaultValue `'communication'` */
  readonly issuer?: string;
  /** Such as `'1h'`, or a number of seconds. @defaultValue `'1h'` */
  readonly expiresIn?: JwtSignOptions['expiresIn'];
}

/**
 * A bearer token that the service accepts.
 *
 * @example issueToken({ tenant: 'acme', secret: process.env.JWT_SECRET, expiresIn: '1h' })
 */
export function issueToken({
  tenant,
  platform = false,
  subject = platform ? 'platform' : `user@${tenant}`,
  secret,
  issuer = DEFAULT_ISSUER,
  expiresIn = '1h',
}: TokenOptions): string {
  if (tenant === undefined && !platform)
    throw new TypeError('Name the tenant of the token, or make it a platform one.');
  const claims = { ...(tenant === undefined ? {} : { tenant }), ...(platform ? { role: 'platform' } : {}) };
  return new JwtService().sign(claims, { secret, algorithm: 'HS256', subject, issuer, audience: AUDIENCE, expiresIn });
}
