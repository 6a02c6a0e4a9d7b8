import type { ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { BYPASS_TENANCY } from '../tenancy.tokens.js';

/** Whether the handler or its class is marked with `@BypassTenancy()`. */
export function belongsToNoTenant(reflector: Reflector, context: ExecutionContext): boolean {
  return reflector.getAllAndOverride<boolean>(BYPASS_TENANCY, [context.getHandler(), context.getClass()]) ?? false;
}
