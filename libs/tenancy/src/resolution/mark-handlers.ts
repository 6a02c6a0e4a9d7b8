import type { ModulesContainer } from '@nestjs/core';
import { methodsOf } from './methods-of.js';

/**
 * Gives each handler of the controllers that has some mark a guard or an interceptor, as `@UseGuards()` and
 * `@UseInterceptors()` do on a method; before its own.
 */
export function markHandlers(modules: ModulesContainer, mark: string, list: string, enhancer: object): void {
  for (const { controllers } of modules.values()) {
    for (const { metatype } of controllers.values()) {
      for (const { method } of methodsOf(metatype)) {
        if (Reflect.hasOwnMetadata(mark, method)) add(method, list, enhancer);
      }
    }
  }
}

function add(handler: object, list: string, enhancer: object): void {
  const own = (Reflect.getOwnMetadata(list, handler) ?? []) as object[];
  if (own.some((other) => other.constructor === enhancer.constructor)) return;
  Reflect.defineMetadata(list, [enhancer, ...own], handler);
}
