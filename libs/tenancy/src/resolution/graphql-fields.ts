import { Logger } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { Reflector } from '@nestjs/core';
import { runAndKeepScope } from '../context/keep-scope.js';
import { currentScope } from '../context/tenancy-scope.js';
import { isThenable } from './and-then.js';
import { marksOf } from './handler-tenancy.js';
import type { Method } from './methods-of.js';
import { methodsOf } from './methods-of.js';
import { problemOf } from './problem.js';
import type { Around } from './replace-method.js';
import { replaceMethod } from './replace-method.js';
import { admit } from './request-scopes.js';
import { tenancyErrorOf } from './tenancy-error-of.js';
import { isTold, toldError } from './told-error.js';

// What @nestjs/graphql marks a method with that resolves a field, or what another service refers to.
const FIELD = 'graphql:resolve_property';
const REFERENCE = 'graphql:resolve_reference';

const reflector = new Reflector();
const logger = new Logger('TenancyModule');

/**
 * Puts around the methods of fields and of references what guards and filters are for queries: Nest asks neither for them, and
 * `_entities` is a way in that no other method is asked for. On the prototypes: Nest binds some of the methods as they are.
 */
export function guardFields(modules: ModulesContainer): void {
  for (const { providers } of modules.values()) {
    for (const { metatype, instance } of providers.values()) {
      // Of one that a factory made there is no class here.
      for (const type of new Set<unknown>([metatype, (instance as object | undefined)?.constructor])) {
        for (const declared of methodsOf(type)) {
          if (Reflect.hasOwnMetadata(REFERENCE, declared.method)) replaceMethod(declared, guardReference);
          else if (Reflect.hasOwnMetadata(FIELD, declared.method)) replaceMethod(declared, guardField);
        }
      }
    }
  }
}

const guardReference: Around = (work, self, method) =>
  guardField(
    () => {
      if (!isNobodys(self, method)) admit(currentScope());
      return work();
    },
    self,
    method,
  );

const guardField: Around = (work, self, method) =>
  withToldErrors(() => (isNobodys(self, method) ? runAndKeepScope({}, work) : work()));

function isNobodys(self: unknown, method: Method): boolean {
  return marksOf(reflector, method, (self as object).constructor).isNobodys;
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
