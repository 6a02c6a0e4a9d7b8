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
    if (tenant && context.getType() === 'http') {
      await this.resolution.assertClaim(context.switchToHttp().getRequest<TenantRequest>(), tenant.id);
    }
    return next.handle();
  }
}
