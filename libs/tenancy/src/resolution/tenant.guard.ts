import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { currentScope } from '../context/tenancy-scope.js';
import { TenantContextMissingError } from '../tenancy.errors.js';
import { belongsToNoTenant } from './belongs-to-no-tenant.js';

/**
 * Lets a request, a message or a query reach its handler only with a tenant, or where the handler belongs to none. Whatever
 * way it came: one that no scope was opened for has no tenant.
 */
@Injectable()
export class TenantGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const scope = currentScope();
    if (belongsToNoTenant(this.reflector, context)) {
      // The fields of one GraphQL request have one scope between them: there the interceptor gives the field its own.
      if (scope && context.getType<string>() !== 'graphql') {
        delete scope.tenant;
        delete scope.refusal;
      }
      return true;
    }
    // What tenancy missed has no scope at all: without this it would run for nobody.
    if (!scope) throw new TenantContextMissingError();
    if (scope.refusal) throw scope.refusal;
    return true;
  }
}
