import type { EventEmitter } from 'node:events';
import type { NestMiddleware } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { runInScope } from '../context/tenancy-scope.js';
import { isThenable } from './and-then.js';
import { keepEvents, scopeOfResponse } from './keep-events.js';
import { RequestScopes } from './request-scopes.js';
import type { TenantRequest } from './tenant-request.js';
import type { VaryingAnswer } from './vary-by.js';
import { varyBy } from './vary-by.js';

/**
 * Runs whatever comes after it in the scope of the request's tenant. The module mounts it on every route, or enters by a
 * faster way of the adapter. A request that comes by a second time keeps the tenant of the first.
 *
 * @example
 * // Where the module does not: for a sub-application of Express, say.
 * const tenancy = app.get(TenantMiddleware);
 * reports.use((request, response, next) => tenancy.use(request, response, next));
 */
@Injectable()
export class TenantMiddleware implements NestMiddleware {
  constructor(private readonly scopes: RequestScopes) {}

  /** @param answer what the headers are told, where that is not Node's response: Fastify has a reply around it. */
  use(
    request: TenantRequest,
    response: EventEmitter & VaryingAnswer,
    next: (error?: unknown) => void,
    answer: VaryingAnswer = response,
  ): void {
    const known = scopeOfResponse(response, this.scopes);
    if (known) return runInScope(known, next);
    this.tell(answer);
    const scope = this.scopes.open(request);
    if (!isThenable(scope)) return this.enter(request, response, scope, next);
    // What comes next may throw before it waits for anything; unheard, that would end the process.
    Promise.resolve(scope)
      .then((found) => this.enter(request, response, found, next))
      .catch(next);
  }

  /** Tells an answer what it depends on. */
  tell(answer: VaryingAnswer): void {
    varyBy(answer, this.scopes.headers());
  }

  private enter(request: TenantRequest, response: EventEmitter, scope: TenancyScope, next: () => void): void {
    keepEvents(response, scope);
    if (isHttp2(request)) keepHttp2(request, scope);
    // What reads an upload asks, with each file, where it goes.
    else if (hasBody(request) && isEmitter(request)) keepEvents(request, scope);
    runInScope(scope, next);
  }
}

interface Http2Request extends TenantRequest {
  readonly stream?: object;
}

function isHttp2(request: TenantRequest & { readonly httpVersionMajor?: number }): request is Http2Request {
  return request.httpVersionMajor === 2;
}

/**
 * No header of HTTP/2 has to say whether there is a body, and when a connection ends, its requests are told in the context of
 * whoever ended it: of another tenant's, maybe.
 */
function keepHttp2(request: Http2Request, scope: TenancyScope): void {
  for (const emitter of [request, request.stream]) if (emitter && isEmitter(emitter)) keepEvents(emitter, scope);
}

function hasBody({ headers }: TenantRequest): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

function isEmitter(request: object): request is EventEmitter {
  return 'emit' in request && typeof request.emit === 'function';
}
