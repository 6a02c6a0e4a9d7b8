import type { EventEmitter } from 'node:events';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { runInScope } from '../context/tenancy-scope.js';

/**
 * Lets the listeners of a response hear of its end in the scope of its request. Of several requests on one connection,
 * Node tells the end of each in the context of whichever wrote last.
 */
export function keepEvents(response: EventEmitter, scope: TenancyScope): void {
  const { emit } = response;
  response.emit = (...args) => runInScope(scope, () => emit.apply(response, args));
}
