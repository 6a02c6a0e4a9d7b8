import type { ModulesContainer } from '@nestjs/core';

/**
 * Gives each handler of the controllers that has some mark a guard or an interceptor, as `@UseGuards()` and
 * `@UseInterceptors()` do on a method; before its own.
 */
export function markHandlers(modules: ModulesContainer, mark: string, list: string, enhancer: object): void {
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      if (typeof metatype !== 'function') continue;
      for (const handler of handlersOf(metatype.prototype as object | null)) {
        if (Reflect.hasOwnMetadata(mark, handler)) add(handler, list, enhancer);
      }
    }
  }
}

function add(handler: object, list: string, enhancer: object): void {
  const own = (Reflect.getOwnMetadata(list, handler) ?? []) as object[];
  if (own.some((other) => other.constructor === enhancer.constructor)) return;
  Reflect.defineMetadata(list, [enhancer, ...own], handler);
}

/** The methods of a class, and those that it inherits. */
function* handlersOf(prototype: object | null): Iterable<object> {
  for (let type = prototype; type && type !== Object.prototype; type = Object.getPrototypeOf(type) as object | null) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(type))) {
      const method: unknown = value;
      if (typeof method === 'function') yield method;
    }
  }
}
