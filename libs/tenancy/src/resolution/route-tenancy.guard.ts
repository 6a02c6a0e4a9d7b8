import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { handlerTenancy } from './handler-tenancy.js';
import { leaveTenant, leaveToNobody, RequestScopes, returnFromNobody } from './request-scopes.js';
import type { RouteTenancy } from './route-tenancy.js';
import type { TenantRequest } from './tenant-request.js';
import type { VaryingAnswer } from './vary-by.js';
import { varyBy } from './vary-by.js';

/**
 * Applies what a handler is marked with before all other guards, so that each sees the tenant that the handler will: the
 * middleware ran before anybody knew the route. It refuses nobody, which would be earlier than the authentication: why there is
 * no tenant is noted in the scope, and `TenantGuard` throws it.
 */
@Injectable()
export class RouteTenancyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly scopes: RequestScopes,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { isNobodys, route } = handlerTenancy(this.reflector, context);
    const scope = currentScope();
    if (scope && !isNobodys) returnFromNobody(scope);
    if (!isNobodys && !route) return true;
    const type = context.getType<string>();
    // The fields of one GraphQL request have one scope between them: there the interceptor gives the field its own.
    if (!scope || type === 'graphql') return true;
    if (isNobodys) leaveToNobody(scope);
    else if (route && type === 'http') return this.decide(scope, context, route);
    return true;
  }

  private async decide(scope: TenancyScope, context: ExecutionContext, route: RouteTenancy): Promise<boolean> {
    const http = context.switchToHttp();
    varyBy(http.getResponse<VaryingAnswer>(), this.scopes.headers(route));
    try {
      await this.scopes.decide(scope, http.getRequest<TenantRequest>(), route);
    } catch {
      // A resolver that fails: TenantGuard asks it again, and its failure is the answer. Until then it is nobody's.
      leaveTenant(scope);
    }
    return true;
  }
}
