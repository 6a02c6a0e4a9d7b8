import { BYPASS_TENANCY } from '../tenancy.tokens.js';

/**
 * Whether a handler, or its class itself, is marked with `@BypassTenancy()`. Not by the class that it extends: whoever adds a
 * handler there does not see that nobody would be asked for it.
 */
export function belongsToNobody(handler: object, type: object): boolean {
  const mark: unknown = Reflect.getMetadata(BYPASS_TENANCY, handler) ?? Reflect.getOwnMetadata(BYPASS_TENANCY, type);
  return mark === true;
}
