import { AsyncResource } from 'node:async_hooks';

/**
 * A callback that runs in the context of now, whoever calls it. AsyncResource.bind() does the same, and on Node 20 defines
 * a deprecated property on each function that it returns, which costs more than all the rest of it.
 */
export function bindToContext<Args extends unknown[]>(callback: (...args: Args) => void): (...args: Args) => void {
  const context = new AsyncResource('nestjs-tenancy:callback');
  return (...args) => context.runInAsyncScope(callback, undefined, ...args);
}
