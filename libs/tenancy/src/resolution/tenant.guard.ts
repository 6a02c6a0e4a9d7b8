import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { currentScope } from '../context/tenancy-scope.js';
import { TenantContextMissingError } from '../tenancy.errors.js';
import { BYPASS_TENANCY } from '../tenancy.tokens.js';

/** Lets a request reach its handler only with a tenant, or where the route belongs to none. */
@Injectable()
export class TenantGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    if (context.getType() !== 'http') return true;
    const scope = currentScope();
    if (this.reflector.getAllAndOverride<boolean>(BYPASS_TENANCY, [context.getHandler(), context.getClass()])) {
      if (scope) {
        delete scope.tenant;
        delete scope.refusal;
      }
      return true;
    }
    // A route that the middleware missed has no scope at all: without this it would run for nobody.
    if (!scope) throw new TenantContextMissingError();
    if (scope.refusal) throw scope.refusal;
    return true;
  }
}
