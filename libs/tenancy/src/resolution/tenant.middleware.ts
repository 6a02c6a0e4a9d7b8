import type { EventEmitter } from 'node:events';
import type { NestMiddleware } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { runInScope } from '../context/tenancy-scope.js';
import { RequestScopes } from './request-scopes.js';
import type { TenantRequest } from './tenant-request.js';

/** Runs whatever comes after it in the scope of the request's tenant. The module mounts it on every route. */
@Injectable()
export class TenantMiddleware implements NestMiddleware {
  constructor(private readonly scopes: RequestScopes) {}

  use(request: TenantRequest, response: EventEmitter, next: (error?: unknown) => void): void {
    // What comes next may throw before it waits for anything; unheard, that would end the process.
    this.scopes
      .open(request)
      .then((scope) => {
        keepEvents(response, scope);
        runInScope(scope, next);
      })
      .catch(next);
  }
}

/**
 * Lets the listeners of a response hear of its end in the scope of its request. Of several requests on one connection,
 * Node tells the end of each in the context of whichever wrote last.
 */
function keepEvents(response: EventEmitter, scope: TenancyScope): void {
  const { emit } = response;
  response.emit = (...args) => runInScope(scope, () => emit.apply(response, args));
}
