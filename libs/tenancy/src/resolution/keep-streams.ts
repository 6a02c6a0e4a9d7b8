import { SSE_METADATA } from '@nestjs/common/constants.js';
import type { ModulesContainer } from '@nestjs/core';
import { runAndKeepScope } from '../context/keep-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { methodsOf } from './methods-of.js';
import { replaceMethod } from './replace-method.js';

/** What handlers are marked with whose Observables live on: server-sent events, messages of microservices and of sockets. */
const MARKS = [SSE_METADATA, 'microservices:pattern', 'websockets:message_mapping'];

/**
 * Keeps what these handlers return in their scope. At the handler itself: what Nest makes of it for interceptors does not let
 * them see what it was piped onto. No other handler has to pay for it.
 */
export function keepStreams(modules: ModulesContainer): void {
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      for (const declared of methodsOf(metatype)) {
        if (MARKS.some((mark) => Reflect.hasOwnMetadata(mark, declared.method))) replaceMethod(declared, keepResult);
      }
    }
  }
}

function keepResult(work: () => unknown): unknown {
  const scope = currentScope();
  return scope ? runAndKeepScope(scope, work) : work();
}
