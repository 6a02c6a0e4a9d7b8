import type { ExecutionContext } from '@nestjs/common';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { ThrottlerModuleOptions, ThrottlerRequest, ThrottlerStorage } from '@nestjs/throttler';
import { InjectThrottlerOptions, InjectThrottlerStorage, ThrottlerGuard } from '@nestjs/throttler';
import { belongsToNobody } from '../context/belongs-to-nobody.js';
import { placeOfController } from '../context/place-of-controller.js';
import type { RequestClaims } from '../context/request-claims.js';
import type { RequestQuota } from '../context/request-quota.js';
import { currentScope } from '../context/tenancy-scope.js';
import { AddressLimitExceededError, TenancyOptionsError, TenantQuotaExceededError } from '../tenancy.errors.js';
import { REQUEST_CLAIMS } from '../tenancy.tokens.js';
import type { Tenant } from '../tenants/tenant.js';
import { AddressLimits } from './address-limits.js';
import { admit, admittedTenant } from './admitted-requests.js';
import type { RateLimit } from './rate-limit-headers.js';
import { limitField, policyField } from './rate-limit-headers.js';

/**
 * Nest's `ThrottlerGuard` for applications whose requests belong to tenants: a request counts for its tenant, on whichever
 * address and route, once its caller has proven to be of it; every other request counts for its address. `@Throttle()` and
 * `@SkipThrottle()` work as ever; a route with numbers of its own has a count of its own, for each tenant.
 *
 * `TenantThrottlerModule` registers it. Alone, with ThrottlerModule's numbers for every tenant, it takes the place of
 * ThrottlerGuard: `{ provide: APP_GUARD, useClass: TenantThrottlerGuard }`, after the guard that authenticates.
 *
 * @example
 * @Module({
 *   imports: [ThrottlerModule.forRoot([{ limit: 60, ttl: 60_000 }])],
 *   providers: [{ provide: APP_GUARD, useClass: TenantThrottlerGuard }],
 * })
 * class LimitsModule {}
 */
@Injectable()
export class TenantThrottlerGuard extends ThrottlerGuard implements RequestQuota {
  private readonly claims: RequestClaims;

  constructor(
    @InjectThrottlerOptions() options: ThrottlerModuleOptions,
    @InjectThrottlerStorage() storage: ThrottlerStorage,
    reflector: Reflector,
    @Optional() @Inject(REQUEST_CLAIMS) claims: RequestClaims | undefined,
    /** The door before the authentication, where TenantThrottlerModule has put it. */
    @Optional() private readonly door?: AddressLimits,
  ) {
    super(options, storage, reflector);
    if (!claims) throw new TenancyOptionsError(NOT_IN_REACH);
    this.claims = claims;
  }

  override async canActivate(context: ExecutionContext): Promise<boolean> {
    if (!isRequest(context)) return true;
    const tenant = this.tenantOf(context);
    const isProven = tenant !== undefined && (await this.claims.agree(context, tenant.id));
    // Where no claim is asked for, guards that come later may still refuse the caller: what is counted then waits for them.
    const counts = isProven || (tenant !== undefined && !this.claims.areAsked && !this.door);
    if (counts) return this.count(context, tenant);
    return this.door ? true : super.canActivate(context);
  }

  /** Counts after all guards what could not be counted before. */
  async take(context: ExecutionContext): Promise<void> {
    const tenant = isRequest(context) ? this.tenantOf(context) : undefined;
    if (!tenant) return;
    const isProven = await this.claims.agree(context, tenant.id);
    if (isProven || !this.claims.areAsked) await this.count(context, tenant);
  }

  /** A route that belongs to no tenant sees none, even where the request names one. */
  private tenantOf(context: ExecutionContext): Tenant | undefined {
    return belongsToNobody(context.getHandler(), context.getClass()) ? undefined : currentScope()?.tenant;
  }

  private count(context: ExecutionContext, tenant: Tenant): Promise<boolean> {
    return admit(this.getRequestResponse(context).req, tenant.id, () => super.canActivate(context));
  }

  protected override async handleRequest(request: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, blockDuration, throttler, getTracker } = request;
    const { req, res } = this.getRequestResponse(context);
    const name = throttler.name ?? 'default';
    const tenantId = admittedTenant(req);
    // An id may have a pattern of the application's own, with a colon in it, or a brace that Redis reads.
    const subject =
      tenantId === undefined ? `address:${await getTracker(req, context)}` : `tenant:${encodeURIComponent(tenantId)}`;
    const key = `${subject}:${name}${this.routeOf(context, name)}`;
    const record = await this.storageService.increment(key, ttl, limit, blockDuration, name);
    const reset = Math.max(1, record.isBlocked ? record.timeToBlockExpire : record.timeToExpire);
    const policy = name === 'default' ? subject.slice(0, subject.indexOf(':')) : name;
    if (throttler.setHeaders ?? this.commonOptions.setHeaders ?? true) {
      const remaining = record.isBlocked ? 0 : limit - record.totalHits;
      appendFields(res, { policy, limit: { limit, ttl }, remaining, reset });
    }
    if (!record.isBlocked) return true;
    if (tenantId === undefined) throw new AddressLimitExceededError(limit, reset);
    throw new TenantQuotaExceededError(tenantId, `requests in ${ttl / 1_000} s`, limit, reset);
  }

  /** A route with numbers of its own is counted on its own. */
  private routeOf(context: ExecutionContext, name: string): string {
    const [handler, type] = [context.getHandler(), context.getClass()];
    const hasOwn = [LIMIT, TTL].some(
      (key) => this.reflector.getAllAndOverride(key + name, [handler, type]) !== undefined,
    );
    if (!hasOwn) return '';
    return `:${placeOfController(type)}.${handler.name}`;
  }

  /**
   * GraphQL keeps request and response in the context that its resolvers are given third; a subscription with Mercurius has the
   * request of its handshake there, by another name, and no answer that could say when to come again.
   */
  protected override getRequestResponse(context: ExecutionContext): ReturnType<ThrottlerGuard['getRequestResponse']> {
    if (context.getType<string>() !== 'graphql') return super.getRequestResponse(context);
    const { req, request, res } = context.getArgByIndex<GraphQLContext>(2);
    const asked = req ?? request ?? {};
    return { req: asked, res: res ?? asked.res ?? {} };
  }
}

const NOT_IN_REACH =
  'TenantThrottlerGuard does not reach TenancyModule, which has isGlobal: false. Import what its forRoot() returned where the ' +
  'guard is: TenantThrottlerModule takes it by forRootAsync({ imports: [tenancy], useFactory: () => ({ plans }) }).';

interface GraphQLContext {
  readonly req?: { readonly res?: object };
  readonly request?: { readonly res?: object };
  readonly res?: object;
}

// The keys of @Throttle()'s metadata, which the package does not export.
const LIMIT = 'THROTTLER:LIMIT';
const TTL = 'THROTTLER:TTL';

/** Messages and sockets have no answer that could say when to come again. */
function isRequest(context: ExecutionContext): boolean {
  return ['http', 'graphql'].includes(context.getType<string>());
}

/** What Express's response and Fastify's reply have in common. */
interface Response {
  getHeader?(name: string): unknown;
  header?(name: string, value: string): unknown;
}

/** With several throttlers there is one field with a part for each. */
function appendFields(response: Response, state: RateLimit): void {
  if (!response.header || !response.getHeader) return;
  for (const [name, part] of [
    ['RateLimit-Policy', policyField(state)],
    ['RateLimit', limitField(state)],
  ]) {
    const before = response.getHeader(name);
    response.header(name, typeof before === 'string' ? `${before}, ${part}` : part);
  }
}
