import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { handlerTenancy } from './handler-tenancy.js';
import { admit, leaveToNobody, RequestScopes } from './request-scopes.js';
import type { RouteTenancy } from './route-tenancy.js';
import type { TenantRequest } from './tenant-request.js';

/**
 * Lets a request, a message or a query reach its handler only with a tenant, or where the handler belongs to none. Whatever
 * way it came: one that no scope was opened for has no tenant.
 *
 * It is no earlier than the module's place among the guards: an authentication before it answers a stranger, who learns of no
 * tenant. What a route is marked with has been applied by `RouteTenancyGuard`; its resolvers are asked once more, as a guard may have
 * authenticated the caller since.
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
      if (scope && context.getType<string>() !== 'graphql') leaveToNobody(scope);
      return true;
    }
    if (route && scope) return this.decide(scope, context.switchToHttp().getRequest<TenantRequest>(), route);
    admit(scope);
    return true;
  }

  private async decide(scope: TenancyScope, request: TenantRequest, route: RouteTenancy): Promise<boolean> {
    await this.scopes.decide(scope, request, route);
    admit(scope);
    return true;
  }
}

/** The fields of one GraphQL request share a scope: what one of them decided would be the others' too. */
function assertHttp(context: ExecutionContext): void {
  if (context.getType<string>() === 'http') return;
  throw new TenancyOptionsError(
    `${context.getClass().name}.${context.getHandler().name}() is decorated with @ResolveTenantBy(), which is for HTTP ` +
      'routes. Use @WithTenant() for messages and jobs.',
  );
}
