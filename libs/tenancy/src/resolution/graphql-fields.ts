import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { Reflector } from '@nestjs/core';
import { keepMetadata } from '../context/keep-metadata.js';
import { runAndKeepScope } from '../context/keep-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { isThenable } from './and-then.js';
import { marksOf } from './handler-tenancy.js';
import { problemOf } from './problem.js';
import { admit } from './request-scopes.js';
import { tenancyErrorOf } from './tenancy-error-of.js';
import { isTold, toldError } from './told-error.js';

// What @nestjs/graphql marks a method with that resolves a field, or what another service refers to.
const FIELD = 'graphql:resolve_property';
const REFERENCE = 'graphql:resolve_reference';

type Method = (...args: unknown[]) => unknown;

// Prototypes belong to the process: another application that finds them has nothing to do.
const guarded = new WeakSet<object>();
const reflector = new Reflector();
const logger = new Logger('TenancyModule');

/**
 * Puts around the methods of fields and of references what guards and filters are for queries: Nest asks neither for them, and
 * `_entities` is a way in that no other method is asked for. On the prototypes: Nest binds some of the methods as they are.
 */
export function guardFields(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    for (const { metatype, instance } of providers.values()) {
      if (typeof metatype === 'function') guardMethods(metatype.prototype as object | undefined);
      // Of one that a factory made there is no class.
      if (typeof instance === 'object' && instance !== null)
        guardMethods(Object.getPrototypeOf(instance) as object | null);
    }
  }
}

function guardMethods(prototype: object | null | undefined): void {
  for (let type = prototype; type && type !== Object.prototype; type = Object.getPrototypeOf(type) as object | null) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      const own: unknown = descriptor.value;
      if (typeof own !== 'function' || guarded.has(own)) continue;
      const isReference = Reflect.hasOwnMetadata(REFERENCE, own);
      if (!isReference && !Reflect.hasOwnMetadata(FIELD, own)) continue;
      Object.defineProperty(type, name, { ...descriptor, value: guard(own as Method, isReference) });
    }
  }
}

function guard(own: Method, isReference: boolean): Method {
  function guardedMethod(this: object, ...args: unknown[]): unknown {
    const work = (): unknown => Reflect.apply(own, this, args);
    return withToldErrors(() => {
      if (marksOf(reflector, guardedMethod, this.constructor).isNobodys) return runAndKeepScope({}, work);
      if (isReference) admit(currentScope());
      return work();
    });
  }
  keepMetadata(own, guardedMethod);
  guarded.add(guardedMethod);
  return guardedMethod;
}

/** Without a promise where the method returns none: of a list each item would wait a turn for each of its fields. */
function withToldErrors(work: () => unknown): unknown {
  try {
    const result = work();
    return isThenable(result) ? result.then(undefined, refuse) : result;
  } catch (thrown) {
    return refuse(thrown);
  }
}

function refuse(thrown: unknown): never {
  const error = tenancyErrorOf(thrown);
  if (!error || isTold(error)) throw thrown;
  // Only the log can say why: no filter is asked.
  if (problemOf(error).status >= 500) logger.error(error.message, error.stack);
  throw toldError(error);
}
