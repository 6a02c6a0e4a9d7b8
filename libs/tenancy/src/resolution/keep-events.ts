import type { EventEmitter } from 'node:events';
import type { TenancyScope } from '../context/tenancy-scope.js';
import { currentScope, runInScope } from '../context/tenancy-scope.js';

/**
 * By a name, not by a symbol: with that, V8 takes an object of as many properties for a table, and all that Node does with the
 * response afterwards costs more.
 */
type ScopedEmitter = EventEmitter & { tenancyScope?: TenancyScope };
const SCOPE = 'tenancyScope' satisfies keyof ScopedEmitter;

/** Two applications, one mounted in the other, have a scope each for the same request. */
const scopesOfSeveral = new WeakMap<EventEmitter, readonly TenancyScope[]>();
const NOBODYS: TenancyScope = {};

/** The scope that a response belongs to, once its request has one of whoever asks. */
export function scopeOfResponse(response: EventEmitter, openedBy: object): TenancyScope | undefined {
  const scope = (response as ScopedEmitter).tenancyScope;
  if (scope === undefined || scope.openedBy === openedBy) return scope;
  return scopesOfSeveral.get(carrierOf(response))?.find((one) => one.openedBy === openedBy);
}

/**
 * Lets the listeners of a response hear of its end in the scope of its request. Of several requests on one connection,
 * Node tells the end of each in the context of whichever wrote last. Those of a request hear of its body, part by part:
 * Node tells of that in the context of the connection, which is nobody's.
 */
export function keepEvents(emitter: ScopedEmitter, scope: TenancyScope): void {
  const before = emitter.tenancyScope;
  if (before) {
    const carrier = carrierOf(emitter);
    scopesOfSeveral.set(carrier, [...(scopesOfSeveral.get(carrier) ?? [before]), scope]);
    // Nobody can tell whose listener is whose: all hear of it as nobody.
    carrier.tenancyScope = NOBODYS;
    return;
  }
  emitter.tenancyScope = scope;
  // One function for all, where nobody else has put his own there: this is done for each request.
  emitter.emit = Object.hasOwn(emitter, 'emit') ? around(emitter.emit, emitter) : emitInScope;
}

function emitInScope(this: ScopedEmitter, event: string | symbol, ...args: unknown[]): boolean {
  const carrier = Object.hasOwn(this, SCOPE) ? this : carrierOf(this);
  const { emit } = Object.getPrototypeOf(carrier) as EventEmitter;
  const scope = this.tenancyScope;
  // Most of what it tells, it tells where it is written to, in its scope.
  if (currentScope() === scope) return args.length === 0 ? emit.call(this, event) : emit.call(this, event, ...args);
  return runInScope(scope, () => emit.call(this, event, ...args));
}

function around(emit: EventEmitter['emit'], emitter: ScopedEmitter): EventEmitter['emit'] {
  return function (this: EventEmitter, ...args) {
    return runInScope(emitter.tenancyScope, () => emit.apply(this, args));
  };
}

/** What inherits from a request or a response has its emit() too: it is the same one, at another address say. */
function carrierOf(emitter: ScopedEmitter): ScopedEmitter {
  for (let one: ScopedEmitter | null = emitter; one; one = Object.getPrototypeOf(one) as ScopedEmitter | null) {
    if (Object.hasOwn(one, SCOPE)) return one;
  }
  return emitter;
}
