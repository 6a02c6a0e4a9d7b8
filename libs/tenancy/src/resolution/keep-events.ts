import type { EventEmitter } from 'node:events';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { currentScope, runInScope } from '../context/tenancy-scope.js';

const SCOPE = Symbol('tenancy:scope');

type ScopedResponse = EventEmitter & { [SCOPE]?: TenancyScope };

/** The scope that a response belongs to, once its request has one. */
export function scopeOfResponse(response: EventEmitter): TenancyScope | undefined {
  return (response as ScopedResponse)[SCOPE];
}

/**
 * Lets the listeners of a response hear of its end in the scope of its request. Of several requests on one connection,
 * Node tells the end of each in the context of whichever wrote last.
 */
export function keepEvents(response: EventEmitter, scope: TenancyScope): void {
  (response as ScopedResponse)[SCOPE] = scope;
  // One function for all responses, where nobody else has put his own there: this is done for each request.
  response.emit = Object.hasOwn(response, 'emit') ? around(response.emit, response, scope) : emitInScope;
}

function emitInScope(this: ScopedResponse, event: string | symbol, ...args: unknown[]): boolean {
  const { emit } = Object.getPrototypeOf(this) as EventEmitter;
  const scope = this[SCOPE];
  // Most of what it tells, it tells where it is written to, in its scope.
  if (currentScope() === scope) return args.length === 0 ? emit.call(this, event) : emit.call(this, event, ...args);
  return runInScope(scope, () => emit.call(this, event, ...args));
}

function around(emit: EventEmitter['emit'], response: EventEmitter, scope: TenancyScope): EventEmitter['emit'] {
  return (...args) => runInScope(scope, () => emit.apply(response, args));
}
