import { AsyncResource } from 'node:async_hooks';

// Made when this file is loaded, which is before anybody can be in a scope of this library.
const outside = new AsyncResource('TenantLookup');

/**
 * Runs work outside of every request, job and call. What is looked up is everybody's, and may go on after the request that
 * set it off: a store that needs a current tenant gets none here, rather than whoever came first.
 */
export function outsideScopes<T>(work: () => T): T {
  return outside.runInAsyncScope(work);
}
