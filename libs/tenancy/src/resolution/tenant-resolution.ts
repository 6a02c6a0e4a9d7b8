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
import { andThen, isThenable } from './and-then.js';
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
 */
@Injectable()
export class TenantResolution {
  // Those of every request that has no route with resolvers of its own.
  private readonly claims: readonly ClaimTenantResolver[];
  private readonly hints: readonly TenantResolver[];

  constructor(
    private readonly resolvers: readonly TenantResolver[],
    private readonly tenants: TenantService,
    private readonly ids: TenantIdValidator,
    private readonly trust: TrustedHints = new TrustedHints(),
  ) {
    this.claims = this.claimsOf(undefined);
    this.hints = this.hintsOf(undefined);
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
    return andThen(this.find(request, route), ({ tenant }) => tenant);
  }

  /**
   * The same of a request that must have a tenant. Throws where it names none: `TenantRequiredError`, and
   * `TenantNotFoundError` where it came by a domain that belongs to nobody, which has to look like one whose tenant may not
   * be used.
   */
  require(request: TenantRequest, route?: RouteTenancy): Tenant | PromiseLike<Tenant> {
    return andThen(this.find(request, route), ({ tenant, unknownDomain }) => {
      if (tenant) return tenant;
      if (unknownDomain !== undefined) throw new TenantNotFoundError(unknownDomain);
      throw new TenantRequiredError(this.sourcesOf(route));
    });
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
    const claimed = agreed(await this.answers(claims, request, this.lookUps()));
    if (claimed !== tenantId) throw new TenantClaimMismatchError(claimed, tenantId);
  }

  /** Whether the caller is authenticated, as far as the claims go. */
  isAuthenticated(request: TenantRequest, route?: RouteTenancy): boolean {
    return this.claimsOf(route).some((claim) => claim.isAuthenticated(request));
  }

  private find(request: TenantRequest, route?: RouteTenancy): Finding | PromiseLike<Finding> {
    const claims = route ? this.claimsOf(route) : this.claims;
    const hints = route ? this.hintsOf(route) : this.hints;
    const lookUps = this.lookUps();
    return andThen(this.answers(claims, request, lookUps), (claimed) =>
      andThen(this.answers(hints, request, lookUps), (asked) =>
        this.decide(agreed(claimed), agreed(asked), () => claims.some((claim) => claim.binds(request)), lookUps),
      ),
    );
  }

  private decide(
    claimed: string | undefined,
    asked: string | undefined,
    isBound: () => boolean,
    lookUps: LookUps,
  ): Finding | PromiseLike<Finding> {
    // Before any look-up: the answer tells nothing about who is there.
    if (asked !== undefined && asked !== claimed && isBound()) throw new TenantClaimMismatchError(claimed, asked);
    const id = asked ?? claimed;
    if (id === undefined) return lookUps;
    const tenant = this.tenants.recall(id);
    return tenant ? { tenant } : this.tenants.getTenant(id).then((found) => ({ tenant: found }));
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

  private lookUps(): LookUps {
    const lookUps: LookUps = {
      hostOf: (request) => this.trust.hostOf(request),
      idOfDomain: async (domain) => {
        const tenant = await this.tenants.findTenantByDomain(domain);
        // One that may not be used is like one that is not there.
        if (tenant?.status === 'active') return tenant.id;
        lookUps.unknownDomain = domain;
        return undefined;
      },
    };
    return lookUps;
  }

  private answers(
    resolvers: readonly TenantResolver[],
    request: TenantRequest,
    directory: TenantDirectory,
    first = 0,
    answers: Answer[] = [],
  ): Answer[] | PromiseLike<Answer[]> {
    for (let i = first; i < resolvers.length; i += 1) {
      const resolver = resolvers[i];
      const isTrusted = this.trust.mayAnswer(resolver, request);
      const refuse = (): never => {
        throw new TenantHintUntrustedError(sourceOf(resolver), peerOf(request));
      };
      const note = (answer: string | undefined): void => {
        if (answer === undefined) return;
        if (!isTrusted) refuse();
        const source = sourceOf(resolver);
        answers.push([source, this.ids.parse(answer, source)]);
      };
      // Nothing is looked up for a stranger: the difference would tell him what is there.
      const answer = resolver.resolve(request, isTrusted ? directory : { ...directory, idOfDomain: refuse });
      if (isThenable(answer)) {
        return answer.then((waited) => {
          note(waited);
          return this.answers(resolvers, request, directory, i + 1, answers);
        });
      }
      note(answer);
    }
    return answers;
  }
}

type Answer = readonly [source: string, id: string];

interface Finding {
  readonly tenant?: Tenant;
  /** A domain that was asked for, and belongs to nobody who may be used. */
  readonly unknownDomain?: string;
}

type LookUps = TenantDirectory & { unknownDomain?: string };

function isClaim(resolver: TenantResolver): resolver is ClaimTenantResolver {
  return resolver instanceof ClaimTenantResolver;
}

/** The one id of all answers; `undefined` where there are none. */
function agreed(answers: readonly Answer[]): string | undefined {
  const first = answers[0]?.[1];
  if (answers.some(([, id]) => id !== first)) throw new TenantConflictError(answers);
  return first;
}
