import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { runAndKeepScope } from '../context/keep-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { RESOLVE_TENANT_BY } from '../tenancy.tokens.js';
import { belongsToNoTenant } from './belongs-to-no-tenant.js';
import { requestOf } from './request-of.js';
import type { RouteTenancy } from './route-tenancy.js';
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

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> | Promise<Observable<unknown>> {
    const tenant = currentScope()?.tenant;
    // Of one GraphQL request some fields may belong to no tenant: those see none, and the others keep theirs.
    if (tenant && context.getType<string>() === 'graphql' && belongsToNoTenant(this.reflector, context)) {
      return runAndKeepScope({}, () => next.handle());
    }
    const place = [context.getHandler(), context.getClass()];
    const route = this.reflector.getAllAndOverride<RouteTenancy | undefined>(RESOLVE_TENANT_BY, place);
    const request = tenant && (route || this.resolution.hasClaims) ? requestOf(context) : undefined;
    if (!tenant || !request) return next.handle();
    return this.resolution.assertClaim(request, tenant.id, route).then(() => next.handle());
  }
}
