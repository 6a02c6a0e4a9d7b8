import { Injectable } from '@nestjs/common';
import {
  InvalidTenantIdError,
  TenantClaimMismatchError,
  TenantConflictError,
  TenantHintUntrustedError,
  TenantNotFoundError,
  TenantRequiredError,
} from '../tenancy.errors.js';
import type { TenantIdValidator } from '../tenants/tenant-id.js';
import type { Tenant } from '../tenants/tenant.js';
import type { TenantService } from '../tenants/tenant.service.js';
import { isThenable } from './and-then.js';
import { ClaimTenantResolver } from './resolvers/claim.resolver.js';
import type { RouteTenancy } from './route-tenancy.js';
import type { TenantRequest } from './tenant-request.js';
import { peerOf } from './tenant-request.js';
import type { TenantDirectory, TenantResolver } from './tenant-resolver.js';
import { sourceOf } from './tenant-resolver.js';
import { TrustedHints } from './trusted-hints.js';

/**
 * Whose request is this? Every resolver is asked; those that answer must agree, and a verified claim binds. No order of
 * resolvers decides anything.
 *
 * @example
 * // Whose is a link that somebody was sent?
 * const tenant = await resolution.resolveFromUrl('https://acme.example.com/welcome');
 */
@Injectable()
export class TenantResolution {
  // Those of every request that has no route with resolvers of its own.
  private readonly claims: readonly ClaimTenantResolver[];
  private readonly hints: readonly TenantResolver[];
  /** The headers that the tenant of a request may be named in, where its route has no resolvers of its own. */
  readonly headers: readonly string[];

  constructor(
    private readonly resolvers: readonly TenantResolver[],
    private readonly tenants: TenantService,
    private readonly ids: TenantIdValidator,
    private readonly trust: TrustedHints = new TrustedHints(),
  ) {
    this.claims = this.claimsOf(undefined);
    this.hints = this.hintsOf(undefined);
    this.headers = this.headersOf(undefined);
  }

  /** Where anybody may name the tenant, for the error that says so. */
  get sources(): readonly string[] {
    return this.sourcesOf();
  }

  /**
   * The active tenant of a request; `undefined` where the request names none. Throws `InvalidTenantIdError`,
   * `TenantConflictError`, `TenantHintUntrustedError`, `TenantForbiddenError`, `TenantNotFoundError`,
   * `TenantSuspendedError` or `TenantServiceUnavailableError`.
   */
  async resolveFromRequest(request: TenantRequest, route?: RouteTenancy): Promise<Tenant | undefined> {
    return this.resolve(request, route);
  }

  /** The same, without a promise where all answer at once and the tenant is known: most requests are like that. */
  resolve(request: TenantRequest, route?: RouteTenancy): Tenant | undefined | PromiseLike<Tenant | undefined> {
    const found = this.find(request, route);
    return isThenable(found) ? found.then(({ tenant }) => tenant) : found.tenant;
  }

  /**
   * The same of a request that must have a tenant. Throws where it names none: `TenantRequiredError`, and
   * `TenantNotFoundError` where it came by a domain that belongs to nobody, which has to look like one whose tenant may not
   * be used.
   */
  require(request: TenantRequest, route?: RouteTenancy): Tenant | PromiseLike<Tenant> {
    const found = this.find(request, route);
    return isThenable(found) ? found.then((later) => this.required(later, route)) : this.required(found, route);
  }

  /**
   * The active tenant that an address names by its host, path or query: for the handshake of a socket, or a link in a
   * mail. What only a request has, headers, claims and the proxy that it came from, is not there. A path alone has no host
   * to ask.
   */
  async resolveFromUrl(url: string | URL): Promise<Tenant | undefined> {
    if (typeof url === 'string' && url.startsWith('/')) return this.resolveFromRequest({ url, headers: {} });
    if (!URL.canParse(String(url)))
      throw new InvalidTenantIdError(url, 'address', 'An address is absolute, or a path.');
    const { host, pathname, search } = new URL(url);
    return this.resolveFromRequest({ url: pathname + search, headers: { host } });
  }

  /** Whether a claim may bind a request: where none is configured there is none to agree with. */
  get hasClaims(): boolean {
    return this.claims.length > 0;
  }

  /** Throws where a verified claim does not name this tenant: for when the authentication may have run after the look-up. */
  async assertClaim(request: TenantRequest, tenantId: string, route?: RouteTenancy): Promise<void> {
    const claims = this.claimsOf(route);
    if (!claims.some((claim) => claim.binds(request))) return;
    const claimed = agreed(await this.answers(claims, request, new LookUps(this.trust, this.tenants, claims, [])));
    if (claimed !== tenantId) throw new TenantClaimMismatchError(claimed, tenantId);
  }

  /** Whether the caller is authenticated, as far as the claims go. */
  isAuthenticated(request: TenantRequest, route?: RouteTenancy): boolean {
    return this.claimsOf(route).some((claim) => claim.isAuthenticated(request));
  }

  /** The same of a route that has. */
  headersOf(route: RouteTenancy | undefined): readonly string[] {
    return headersOf([...this.claimsOf(route), ...this.hintsOf(route)], this.trust.headers);
  }

  private find(request: TenantRequest, route?: RouteTenancy): Finding | PromiseLike<Finding> {
    const claims = route ? this.claimsOf(route) : this.claims;
    const lookUps = new LookUps(this.trust, this.tenants, claims, route ? this.hintsOf(route) : this.hints);
    const claimed = claims.length === 0 ? NONE : this.answers(claims, request, lookUps);
    return isList(claimed)
      ? this.ask(request, lookUps, agreed(claimed))
      : claimed.then((later) => this.ask(request, lookUps, agreed(later)));
  }

  private ask(request: TenantRequest, lookUps: LookUps, claimed: string | undefined): Finding | PromiseLike<Finding> {
    const asked = this.answers(lookUps.hints, request, lookUps);
    return isList(asked)
      ? this.decide(request, lookUps, claimed, agreed(asked))
      : asked.then((later) => this.decide(request, lookUps, claimed, agreed(later)));
  }

  private decide(
    request: TenantRequest,
    lookUps: LookUps,
    claimed: string | undefined,
    asked: string | undefined,
  ): Finding | PromiseLike<Finding> {
    // Before any look-up: the answer tells nothing about who is there.
    if (asked !== undefined && asked !== claimed && isBound(lookUps.claims, request)) {
      throw new TenantClaimMismatchError(claimed, asked);
    }
    const id = asked ?? claimed;
    if (id === undefined) return lookUps;
    const tenant = this.tenants.recall(id);
    return tenant ? { tenant } : this.tenants.getTenant(id).then((found) => ({ tenant: found }));
  }

  private required({ tenant, unknownDomain }: Finding, route: RouteTenancy | undefined): Tenant {
    if (tenant) return tenant;
    if (unknownDomain !== undefined) throw new TenantNotFoundError(unknownDomain);
    throw new TenantRequiredError(this.sourcesOf(route));
  }

  /** A route adds claims, and takes none away. */
  private claimsOf(route: RouteTenancy | undefined): ClaimTenantResolver[] {
    return [...this.resolvers, ...(route?.resolvers ?? [])].filter(isClaim);
  }

  private hintsOf(route: RouteTenancy | undefined): TenantResolver[] {
    const own = route?.instead ? [] : [...this.resolvers, ...this.trust.resolvers];
    return [...new Set([...own, ...(route?.resolvers ?? [])])].filter((resolver) => !isClaim(resolver));
  }

  private sourcesOf(route?: RouteTenancy): readonly string[] {
    const own = route?.instead ? this.resolvers.filter(isClaim) : this.resolvers;
    const all = new Set([...own, ...(route?.resolvers ?? [])]);
    return [...all].filter((resolver) => !this.trust.resolvers.includes(resolver)).map(sourceOf);
  }

  private answers(
    resolvers: readonly TenantResolver[],
    request: TenantRequest,
    lookUps: LookUps,
    first = 0,
    before: readonly Answer[] = NONE,
  ): readonly Answer[] | PromiseLike<readonly Answer[]> {
    let answers = before;
    for (let i = first; i < resolvers.length; i += 1) {
      const resolver = resolvers[i];
      const isTrusted = this.trust.mayAnswer(resolver, request);
      const answer = resolver.resolve(request, isTrusted ? lookUps : deaf(lookUps, resolver, request));
      if (isThenable(answer)) {
        const earlier = answers;
        return answer.then((waited) => {
          const noted = this.noted(earlier, resolver, isTrusted, request, waited);
          return this.answers(resolvers, request, lookUps, i + 1, noted);
        });
      }
      answers = this.noted(answers, resolver, isTrusted, request, answer);
    }
    return answers;
  }

  private noted(
    answers: readonly Answer[],
    resolver: TenantResolver,
    isTrusted: boolean,
    request: TenantRequest,
    answer: string | undefined,
  ): readonly Answer[] {
    if (answer === undefined) return answers;
    if (!isTrusted) refuse(resolver, request);
    const source = sourceOf(resolver);
    return answers.concat([[source, this.ids.parse(answer, source)]]);
  }
}

type Answer = readonly [source: string, id: string];

interface Finding {
  readonly tenant?: Tenant;
  /** A domain that was asked for, and belongs to nobody who may be used. */
  readonly unknownDomain?: string;
}

const NONE: readonly Answer[] = [];

/** Who is asked of one request, and what they may ask. */
class LookUps implements TenantDirectory, Finding {
  unknownDomain?: string;

  constructor(
    private readonly trust: TrustedHints,
    private readonly tenants: TenantService,
    readonly claims: readonly ClaimTenantResolver[],
    readonly hints: readonly TenantResolver[],
  ) {}

  hostOf(request: TenantRequest): string | undefined {
    return this.trust.hostOf(request);
  }

  async idOfDomain(domain: string): Promise<string | undefined> {
    const tenant = await this.tenants.findTenantByDomain(domain);
    // One that may not be used is like one that is not there.
    if (tenant?.status === 'active') return tenant.id;
    this.unknownDomain = domain;
    return undefined;
  }
}

function refuse(resolver: TenantResolver, request: TenantRequest): never {
  throw new TenantHintUntrustedError(sourceOf(resolver), peerOf(request));
}

/** Nothing is looked up for a stranger: the difference would tell him what is there. */
function deaf(lookUps: LookUps, resolver: TenantResolver, request: TenantRequest): TenantDirectory {
  return { hostOf: (one) => lookUps.hostOf(one), idOfDomain: () => refuse(resolver, request) };
}

function headersOf(resolvers: readonly TenantResolver[], others: readonly string[]): string[] {
  return [...new Set([...resolvers.flatMap(({ header }) => header ?? []), ...others])];
}

/** Answers that need not be waited for: an array is told from a promise at once, what it inherits is not. */
function isList(answers: readonly Answer[] | PromiseLike<readonly Answer[]>): answers is readonly Answer[] {
  return Array.isArray(answers);
}

function isBound(claims: readonly ClaimTenantResolver[], request: TenantRequest): boolean {
  return claims.some((claim) => claim.binds(request));
}

function isClaim(resolver: TenantResolver): resolver is ClaimTenantResolver {
  return resolver instanceof ClaimTenantResolver;
}

/** The one id of all answers; `undefined` where there are none. */
function agreed(answers: readonly Answer[]): string | undefined {
  const first = answers[0]?.[1];
  if (answers.length < 2) return first;
  if (answers.some(([, id]) => id !== first)) throw new TenantConflictError(answers);
  return first;
}
