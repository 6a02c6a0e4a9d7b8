import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { handlerTenancy } from './handler-tenancy.js';
import { admit, RequestScopes } from './request-scopes.js';
import type { RouteTenancy } from './route-tenancy.js';
import type { TenantRequest } from './tenant-request.js';
import type { VaryingAnswer } from './vary-by.js';
import { varyBy } from './vary-by.js';

/**
 * Lets a request, a message or a query reach its handler only with a tenant, or where the handler belongs to none. Whatever
 * way it came: one that no scope was opened for has no tenant.
 *
 * Where the route has resolvers of its own it decides anew first: the middleware ran before anybody knew the route. One guard
 * for both, as each costs every request.
 */
@Injectable()
export class TenantGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly scopes: RequestScopes,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { isNobodys, route } = handlerTenancy(this.reflector, context);
    if (route) assertHttp(context);
    const scope = currentScope();
    if (isNobodys) {
      // The fields of one GraphQL request have one scope between them: there the interceptor gives the field its own.
      if (scope && context.getType<string>() !== 'graphql') leave(scope);
      return true;
    }
    if (route && scope) {
      const http = context.switchToHttp();
      varyBy(http.getResponse<VaryingAnswer>(), this.scopes.headers(route));
      return this.decide(scope, http.getRequest<TenantRequest>(), route);
    }
    admit(scope);
    return true;
  }

  private async decide(scope: TenancyScope, request: TenantRequest, route: RouteTenancy): Promise<boolean> {
    const { tenant, refusal } = await this.scopes.decide(request, route, scope.tenant);
    leave(scope);
    Object.assign(scope, tenant && { tenant }, refusal && { refusal });
    admit(scope);
    return true;
  }
}

function leave(scope: TenancyScope): void {
  delete scope.tenant;
  delete scope.refusal;
}

/** The fields of one GraphQL request share a scope: what one of them decided would be the others' too. */
function assertHttp(context: ExecutionContext): void {
  if (context.getType<string>() === 'http') return;
  throw new TenancyOptionsError(
    `${context.getClass().name}.${context.getHandler().name}() is decorated with @ResolveTenantBy(), which is for HTTP ` +
      'routes. Use @WithTenant() for messages and jobs.',
  );
}
