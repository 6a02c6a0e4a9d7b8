import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { INTERCEPTORS_METADATA, SSE_METADATA } from '@nestjs/common/constants.js';
import type { ModulesContainer } from '@nestjs/core';
import type { Observable } from 'rxjs';
import { runAndKeepScope } from '../context/keep-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { markHandlers } from './mark-handlers.js';

/** Lets a stream of events be left in the scope of its request: its client leaves in the context of the connection. */
class SseScopeInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const scope = currentScope();
    return scope ? runAndKeepScope(scope, () => next.handle()) : next.handle();
  }
}

/** Gives it to each handler with `@Sse()`, and to no other: an interceptor costs a request more than all else does. */
export function keepSseScopes(modules: ModulesContainer): void {
  markHandlers(modules, SSE_METADATA, INTERCEPTORS_METADATA, new SseScopeInterceptor());
}
