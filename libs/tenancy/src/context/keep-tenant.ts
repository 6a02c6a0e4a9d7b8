import type { MonoTypeOperatorFunction } from 'rxjs';
import { Observable } from 'rxjs';
import { subscribeIn } from './subscribe-in.js';
import { currentScope } from './tenancy-scope.js';

/**
 * Hands on what an Observable emits in the scope of whoever subscribed. A source that several share (a Subject, an
 * EventEmitter, a connection) emits in the scope of whoever set it off, and all that is piped behind it runs there.
 *
 * @example
 * this.bus.pipe(
 *   keepTenant(),
 *   mergeMap(() => this.notes.find()),
 * );
 */
export function keepTenant<T>(): MonoTypeOperatorFunction<T> {
  return (source) => new Observable((subscriber) => subscribeIn(currentScope(), source, subscriber));
}
