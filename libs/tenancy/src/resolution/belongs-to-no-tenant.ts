import type { ExecutionContext, Type } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { BYPASS_TENANCY } from '../tenancy.tokens.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

// What a handler is marked with does not change, and to look for it costs more than all else that is done for a request.
// By class too: a handler that is inherited belongs to each.
const known = new WeakMap<Type, WeakMap<Handler, boolean>>();

/** Whether the handler or its class is marked with `@BypassTenancy()`. */
export function belongsToNoTenant(reflector: Reflector, context: ExecutionContext): boolean {
  const [type, handler] = [context.getClass(), context.getHandler()];
  let handlers = known.get(type);
  if (!handlers) known.set(type, (handlers = new WeakMap()));
  let answer = handlers.get(handler);
  if (answer === undefined) {
    answer = reflector.getAllAndOverride<boolean>(BYPASS_TENANCY, [handler, type]) ?? false;
    handlers.set(handler, answer);
  }
  return answer;
}
