import type { TenantResolver } from './tenant-resolver.js';

/**
 * Hints that only a proxy in front may give, such as the header that a gateway sets. Whoever else gives one is refused with
 * `TenantHintUntrustedError`, before anybody is looked up.
 *
 * @example
 * trustedHints: {
 *   proxies: ['10.1.0.0/16', 'fd00::/8'],
 *   resolvers: [new HeaderTenantResolver('X-Gateway-Tenant')],
 *   forwardedHost: true,
 * }
 */
export class TrustedHintsOptions {
  /**
   * IP addresses and ranges (CIDR) of the proxies. They are compared with the other end of the connection, never with what
   * `X-Forwarded-For` says. A Unix socket has no address: what comes by it is nobody's.
   */
  readonly proxies: readonly string[] = [];
  /**
   * They are asked beside `resolvers`, and must agree with them; their answers count from the proxies alone, wherever else
   * the same object is listed. @defaultValue `[]`
   */
  readonly resolvers: readonly TenantResolver[] = [];
  /**
   * Whether `X-Forwarded-Host` goes before `Host`, from the proxies alone. It has one host; the proxy has to set it, not
   * to pass it on. @defaultValue `false`: the header is not read
   */
  readonly forwardedHost: boolean = false;
}
