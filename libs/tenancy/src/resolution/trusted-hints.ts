import { InvalidTenantIdError, TenancyOptionsError, TenantHintUntrustedError } from '../tenancy.errors.js';
import { canonicalHost } from '../tenants/canonical-host.js';
import { ClaimTenantResolver } from './resolvers/claim.resolver.js';
import type { TenantRequest } from './tenant-request.js';
import { headerOf, hostOf, peerOf } from './tenant-request.js';
import type { TenantResolver } from './tenant-resolver.js';
import { TrustedHintsOptions } from './trusted-hints-options.js';
import { TrustedProxies } from './trusted-proxies.js';

const FORWARDED_HOST = 'X-Forwarded-Host';

/** Who may give which hint. Refusing is the answer that cannot leak: ignored, the rest would name somebody else. */
export class TrustedHints {
  readonly resolvers: readonly TenantResolver[];
  private readonly proxies: TrustedProxies;
  private readonly forwardedHost: boolean;

  constructor(given?: Partial<TrustedHintsOptions>) {
    const { proxies, resolvers, forwardedHost } = { ...new TrustedHintsOptions(), ...given };
    if (given && proxies.length === 0) {
      throw new TenancyOptionsError('trustedHints.proxies is empty: nobody could give these hints.');
    }
    if (resolvers.some((resolver) => resolver instanceof ClaimTenantResolver)) {
      throw new TenancyOptionsError('trustedHints.resolvers: a claim is no hint. List it in `resolvers`.');
    }
    this.proxies = new TrustedProxies(proxies);
    this.resolvers = resolvers;
    this.forwardedHost = forwardedHost;
  }

  /** The headers that say, whatever the resolvers, where a request was sent to. */
  get headers(): readonly string[] {
    return this.forwardedHost ? [FORWARDED_HOST] : [];
  }

  /** Whether an answer of this resolver counts in this request. */
  mayAnswer(resolver: TenantResolver, request: TenantRequest): boolean {
    return !this.resolvers.includes(resolver) || this.isFromProxy(request);
  }

  /** The host that the request was sent to; `X-Forwarded-Host` where it counts. */
  hostOf(request: TenantRequest): string | undefined {
    const forwarded = this.forwardedHost ? headerOf(request, FORWARDED_HOST) : undefined;
    if (forwarded === undefined) return hostOf(request);
    const source = `header ${FORWARDED_HOST}`;
    if (!this.isFromProxy(request)) throw new TenantHintUntrustedError(source, peerOf(request));
    if (canonicalHost(forwarded) !== undefined) return forwarded;
    throw new InvalidTenantIdError(forwarded, source, 'The header has one plain ASCII host name.');
  }

  private isFromProxy(request: TenantRequest): boolean {
    return this.proxies.includes(peerOf(request));
  }
}
