import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import type { RequestClaims } from '../context/request-claims.js';
import { handlerTenancy } from './handler-tenancy.js';
import { requestOf } from './request-of.js';
import type { TenantResolution } from './tenant-resolution.js';

/** Asks the claims of the request that a guard or an interceptor stands in. */
export class ExecutionClaims implements RequestClaims {
  constructor(
    private readonly resolution: TenantResolution,
    private readonly reflector: Reflector,
  ) {}

  get areAsked(): boolean {
    return this.resolution.hasClaims;
  }

  async agree(context: ExecutionContext, tenantId: string): Promise<boolean> {
    const request = requestOf(context);
    if (!request) return false;
    const { route } = handlerTenancy(this.reflector, context);
    await this.resolution.assertClaim(request, tenantId, route);
    return this.resolution.isAuthenticated(request, route);
  }
}
