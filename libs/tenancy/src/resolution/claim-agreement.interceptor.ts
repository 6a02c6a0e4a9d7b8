import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { currentScope } from '../context/tenancy-scope.js';
import type { TenantRequest } from './tenant-request.js';
import { TenantResolution } from './tenant-resolution.js';

/**
 * Compares the claim with the tenant once more after all guards: where the authentication is a guard, there was no claim
 * yet when the tenant was found, and a hint alone would have decided.
 */
@Injectable()
export class ClaimAgreementInterceptor implements NestInterceptor {
  constructor(private readonly resolution: TenantResolution) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const tenant = currentScope()?.tenant;
    const request = tenant && requestOf(context);
    if (request) await this.resolution.assertClaim(request, tenant.id);
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
