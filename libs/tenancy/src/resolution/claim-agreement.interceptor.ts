import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { currentScope } from '../context/tenancy-scope.js';
import { RESOLVE_TENANT_BY } from '../tenancy.tokens.js';
import type { RouteTenancy } from './route-tenancy.js';
import type { TenantRequest } from './tenant-request.js';
import { TenantResolution } from './tenant-resolution.js';

/**
 * Compares the claim with the tenant once more after all guards: where the authentication is a guard, there was no claim
 * yet when the tenant was found, and a hint alone would have decided.
 */
@Injectable()
export class ClaimAgreementInterceptor implements NestInterceptor {
  constructor(
    private readonly resolution: TenantResolution,
    private readonly reflector: Reflector,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const tenant = currentScope()?.tenant;
    const request = tenant && requestOf(context);
    if (request) {
      const place = [context.getHandler(), context.getClass()];
      const route = this.reflector.getAllAndOverride<RouteTenancy | undefined>(RESOLVE_TENANT_BY, place);
      await this.resolution.assertClaim(request, tenant.id, route);
    }
    return next.handle();
  }
}

/** GraphQL keeps the request in the context that its resolvers are given third. */
function requestOf(context: ExecutionContext): TenantRequest | undefined {
  switch (context.getType<string>()) {
    case 'http':
      return context.switchToHttp().getRequest<TenantRequest>();
    case 'graphql':
      return context.getArgByIndex<{ req?: TenantRequest } | undefined>(2)?.req;
    default:
      return undefined;
  }
}
