import type { NestMiddleware } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { runInScope } from '../context/tenancy-scope.js';
import { RequestScopes } from './request-scopes.js';
import type { TenantRequest } from './tenant-request.js';

/** Runs whatever comes after it in the scope of the request's tenant. The module mounts it on every route. */
@Injectable()
export class TenantMiddleware implements NestMiddleware {
  constructor(private readonly scopes: RequestScopes) {}

  use(request: TenantRequest, _response: unknown, next: (error?: unknown) => void): void {
    // What comes next may throw before it waits for anything; unheard, that would end the process.
    this.scopes
      .open(request)
      .then((scope) => runInScope(scope, next))
      .catch(next);
  }
}
