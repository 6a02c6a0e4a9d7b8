import { Injectable } from '@nestjs/common';
import { InvalidTenantIdError, TenantClaimMismatchError, TenantConflictError } from '../tenancy.errors.js';
import type { TenantIdValidator } from '../tenants/tenant-id.js';
import type { Tenant } from '../tenants/tenant.js';
import type { TenantService } from '../tenants/tenant.service.js';
import { andThen, isThenable } from './and-then.js';
import { ClaimTenantResolver } from './resolvers/claim.resolver.js';
import type { TenantRequest } from './tenant-request.js';
import type { TenantDirectory, TenantResolver } from './tenant-resolver.js';
import { sourceOf } from './tenant-resolver.js';

/**
 * Whose request is this? Every resolver is asked; those that answer must agree, and a verified claim binds. No order of
 * resolvers decides anything.
 */
@Injectable()
export class TenantResolution {
  private readonly hints: readonly TenantResolver[];
  private readonly claims: readonly ClaimTenantResolver[];
  private readonly directory: TenantDirectory;

  constructor(
    private readonly resolvers: readonly TenantResolver[],
    private readonly tenants: TenantService,
    private readonly ids: TenantIdValidator,
  ) {
    this.claims = resolvers.filter((resolver) => resolver instanceof ClaimTenantResolver);
    this.hints = resolvers.filter((resolver) => !(resolver instanceof ClaimTenantResolver));
    this.directory = {
      idOfDomain: async (domain) => {
        const tenant = await tenants.findTenantByDomain(domain);
        // One that may not be used is like one that is not there.
        return tenant?.status === 'active' ? tenant.id : undefined;
      },
    };
  }

  /** Where a request may name its tenant, for the error that says so. */
  get sources(): readonly string[] {
    return this.resolvers.map(sourceOf);
  }

  /**
   * The active tenant of a request; `undefined` where the request names none. Throws `InvalidTenantIdError`,
   * `TenantConflictError`, `TenantForbiddenError`, `TenantNotFoundError`, `TenantSuspendedError` or
   * `TenantServiceUnavailableError`.
   */
  async resolveFromRequest(request: TenantRequest): Promise<Tenant | undefined> {
    return this.resolve(request);
  }

  /** The same, without a promise where all answer at once and the tenant is known: most requests are like that. */
  resolve(request: TenantRequest): Tenant | undefined | PromiseLike<Tenant | undefined> {
    return andThen(this.answers(this.claims, request), (claims) =>
      andThen(this.answers(this.hints, request), (hints) => this.decide(request, agreed(claims), agreed(hints))),
    );
  }

  private decide(
    request: TenantRequest,
    claimed: string | undefined,
    asked: string | undefined,
  ): Tenant | undefined | Promise<Tenant> {
    if (asked !== undefined && asked !== claimed && this.claims.some((claim) => claim.binds(request))) {
      // Before any look-up: the answer tells nothing about who is there.
      throw new TenantClaimMismatchError(claimed, asked);
    }
    const id = asked ?? claimed;
    return id === undefined ? undefined : (this.tenants.recall(id) ?? this.tenants.getTenant(id));
  }

  /**
   * The active tenant that an address names by its host, path or query: for the handshake of a socket, or a link in a
   * mail. What only a request has, headers and claims, is not asked. A path alone has no host to ask.
   */
  async resolveFromUrl(url: string | URL): Promise<Tenant | undefined> {
    if (typeof url === 'string' && url.startsWith('/')) return this.resolveFromRequest({ url, headers: {} });
    if (!URL.canParse(String(url))) throw new InvalidTenantIdError(url, 'address');
    const { host, pathname, search } = new URL(url);
    return this.resolveFromRequest({ url: pathname + search, headers: { host } });
  }

  /** Whether a claim may bind a request: where none is configured there is none to agree with. */
  get hasClaims(): boolean {
    return this.claims.length > 0;
  }

  /** Throws where a verified claim does not name this tenant: for when the authentication may have run after the look-up. */
  async assertClaim(request: TenantRequest, tenantId: string): Promise<void> {
    if (!this.claims.some((claim) => claim.binds(request))) return;
    const claimed = agreed(await this.answers(this.claims, request));
    if (claimed !== tenantId) throw new TenantClaimMismatchError(claimed, tenantId);
  }

  private answers(
    resolvers: readonly TenantResolver[],
    request: TenantRequest,
    first = 0,
    answers: Answer[] = [],
  ): Answer[] | PromiseLike<Answer[]> {
    for (let i = first; i < resolvers.length; i += 1) {
      const answer = resolvers[i].resolve(request, this.directory);
      if (isThenable(answer)) {
        return answer.then((waited) => {
          this.note(resolvers[i], waited, answers);
          return this.answers(resolvers, request, i + 1, answers);
        });
      }
      this.note(resolvers[i], answer, answers);
    }
    return answers;
  }

  private note(resolver: TenantResolver, answer: string | undefined, answers: Answer[]): void {
    if (answer === undefined) return;
    const source = sourceOf(resolver);
    answers.push([source, this.ids.parse(answer, source)]);
  }
}

type Answer = readonly [source: string, id: string];

/** The one id of all answers; `undefined` where there are none. */
function agreed(answers: readonly Answer[]): string | undefined {
  const first = answers[0]?.[1];
  if (answers.length > 1 && answers.some(([, id]) => id !== first)) throw new TenantConflictError(answers);
  return first;
}
