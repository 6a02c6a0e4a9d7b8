import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import { RESOLVE_TENANT_BY } from '../tenancy.tokens.js';
import { RequestScopes } from './request-scopes.js';
import type { RouteTenancy } from './route-tenancy.js';
import type { TenantRequest } from './tenant-request.js';

/**
 * Decides anew where the route has resolvers of its own: the middleware ran before anybody knew the route. What it finds, a
 * tenant or a refusal, is left in the scope for `TenantGuard`, which comes next.
 */
@Injectable()
export class RouteTenantGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly scopes: RequestScopes,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const place = [context.getHandler(), context.getClass()];
    const route = this.reflector.getAllAndOverride<RouteTenancy | undefined>(RESOLVE_TENANT_BY, place);
    if (!route) return true;
    // The fields of one GraphQL request share a scope: what one of them decided would be the others' too.
    if (context.getType<string>() !== 'http') {
      throw new TenancyOptionsError(
        `${context.getClass().name}.${context.getHandler().name}() is decorated with @ResolveTenantBy(), which is for HTTP ` +
          'routes. Use @WithTenant() for messages and jobs.',
      );
    }
    const scope = currentScope();
    // Without a scope the middleware has missed the route, and TenantGuard refuses it.
    return scope ? this.decide(scope, context.switchToHttp().getRequest<TenantRequest>(), route) : true;
  }

  private async decide(scope: TenancyScope, request: TenantRequest, route: RouteTenancy): Promise<true> {
    const { tenant, refusal } = await this.scopes.decide(request, route, scope.tenant);
    delete scope.tenant;
    delete scope.refusal;
    Object.assign(scope, tenant && { tenant }, refusal && { refusal });
    return true;
  }
}
