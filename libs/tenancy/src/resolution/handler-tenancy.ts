import type { ExecutionContext, Type } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { belongsToNobody } from '../context/belongs-to-nobody.js';
import { RESOLVE_TENANT_BY } from '../tenancy.tokens.js';
import type { RouteTenancy } from './route-tenancy.js';

type Handler = ReturnType<ExecutionContext['getHandler']>;

/** What a handler, or its class, is marked with. */
export interface HandlerTenancy {
  /** `@BypassTenancy()`: of the class itself, not of one that it extends. */
  readonly isNobodys: boolean;
  /** `@ResolveTenantBy()` */
  readonly route: RouteTenancy | undefined;
}

// What a handler is marked with does not change, and to look for it costs more than all else that is done for a request.
// By class too: a handler that is inherited belongs to each.
const known = new WeakMap<Handler, WeakMap<object, HandlerTenancy>>();

/** What the handler that a guard or an interceptor stands before is marked with. */
export function handlerTenancy(reflector: Reflector, context: ExecutionContext): HandlerTenancy {
  return marksOf(reflector, context.getHandler(), context.getClass());
}

/** What a method of a class is marked with. */
export function marksOf(reflector: Reflector, handler: Handler, type: Type | Handler): HandlerTenancy {
  return known.get(handler)?.get(type) ?? remember(reflector, handler, type);
}

/** Whether the handler or its class is marked with `@BypassTenancy()`. */
export function belongsToNoTenant(reflector: Reflector, context: ExecutionContext): boolean {
  return handlerTenancy(reflector, context).isNobodys;
}

function remember(reflector: Reflector, handler: Handler, type: Type | Handler): HandlerTenancy {
  const marks: HandlerTenancy = {
    isNobodys: belongsToNobody(handler, type),
    route: reflector.getAllAndOverride<RouteTenancy | undefined>(RESOLVE_TENANT_BY, [handler, type]),
  };
  const types = known.get(handler) ?? new WeakMap<object, HandlerTenancy>();
  known.set(handler, types.set(type, marks));
  return marks;
}
