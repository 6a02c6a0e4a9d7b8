import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { map } from 'rxjs';
import { runAndKeepScope } from '../context/keep-scope.js';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { TenantContextMissingError } from '../tenancy.errors.js';
import { handlerTenancy } from './handler-tenancy.js';
import { requestOf } from './request-of.js';
import { admit, RequestScopes } from './request-scopes.js';
import type { RouteTenancy } from './route-tenancy.js';
import { TenantResolution } from './tenant-resolution.js';

/**
 * Compares the claim with the tenant once more after all guards: where the authentication is a guard, there was no claim
 * yet when the tenant was found, and a hint alone would have decided. Where there was none, and none is required, the claim
 * decides now: the caller is of the same tenant, whatever authenticates him.
 */
@Injectable()
export class ClaimAgreementInterceptor implements NestInterceptor {
  constructor(
    private readonly resolution: TenantResolution,
    private readonly reflector: Reflector,
    private readonly scopes: RequestScopes,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const scope = currentScope();
    // What is refused is for the guard to refuse.
    if (!scope || scope.refusal) return next.handle();
    const { isNobodys, route } = handlerTenancy(this.reflector, context);
    // Of one GraphQL request some fields may belong to no tenant: those see none, and the others have theirs, now or soon.
    if (isNobodys && context.getType<string>() === 'graphql') {
      // What the stream hands out as well: the generator of a subscription is read when nobody is in here any more.
      const nobodys = {};
      const keep = (value: unknown): unknown => runAndKeepScope(nobodys, () => value);
      return runAndKeepScope(nobodys, () => next.handle().pipe(map(keep)));
    }
    const { tenant } = scope;
    if (!tenant) return isNobodys ? next.handle() : this.decideLate(scope, context, route, next);
    if (!route && !this.resolution.hasClaims) return next.handle();
    const request = requestOf(context);
    if (request) return this.resolution.assertClaim(request, tenant.id, route).then(() => next.handle());
    // Of messages of a microservice no claim is asked. What a query is given is the application's: unread, nothing would bind.
    if (context.getType<string>() === 'graphql') throw new TenantContextMissingError(NO_REQUEST);
    return next.handle();
  }

  private decideLate(
    scope: TenancyScope,
    context: ExecutionContext,
    route: RouteTenancy | undefined,
    next: CallHandler,
  ): Observable<unknown> | Promise<Observable<unknown>> {
    // A socket is decided with each of its messages.
    const request = context.getType<string>() === 'ws' ? undefined : requestOf(context);
    if (!request || !this.scopes.isOpen(scope, request, route)) return next.handle();
    if (!this.resolution.isAuthenticated(request, route)) return next.handle();
    return this.scopes.decide(scope, request, route).then(() => {
      admit(scope);
      return next.handle();
    });
  }
}

const NO_REQUEST =
  'The context of GraphQL holds no request, so that its caller’s claim cannot be compared with the tenant. Leave the request ' +
  'in it as `req`, or as `request`: see the option `context` of GraphQLModule.';
