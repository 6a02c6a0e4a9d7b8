import { METHOD_METADATA, SSE_METADATA } from '@nestjs/common/constants.js';
import type { ModulesContainer } from '@nestjs/core';
import { runAndKeepScope } from '../context/keep-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { methodsOf } from './methods-of.js';
import type { Around } from './replace-method.js';
import { replaceMethod } from './replace-method.js';

/** What handlers are marked with whose Observables live on: server-sent events, messages of microservices and of sockets. */
const STREAMS = [SSE_METADATA, 'microservices:pattern', 'websockets:message_mapping'];
/** And those that are answered by the last value of one: routes. */
const ANSWERS = [METHOD_METADATA];

/**
 * Keeps what handlers return in their scope. At the handler itself: what Nest makes of it for interceptors does not let them
 * see what it was piped onto.
 */
export function keepStreams(modules: ModulesContainer): void {
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      for (const declared of methodsOf(metatype)) {
        const isMarked = (mark: string): boolean => Reflect.hasOwnMetadata(mark, declared.method);
        if (STREAMS.some(isMarked)) replaceMethod(declared, keepResult);
        else if (ANSWERS.some(isMarked)) replaceMethod(declared, keepAnswer);
      }
    }
  }
}

const keepResult: Around = (work) => {
  const scope = currentScope();
  return scope ? runAndKeepScope(scope, work) : work();
};

/** Each request comes by here: what it returns is an Observable at once, or nothing is done. */
const keepAnswer: Around = (work) => {
  const result = work();
  if (typeof result !== 'object' || result === null || !('subscribe' in result)) return result;
  const scope = currentScope();
  return scope ? runAndKeepScope(scope, () => result) : result;
};
