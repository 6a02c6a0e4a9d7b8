import { map, Observable } from 'rxjs';
import type { Operator } from 'rxjs';
import { keepTenant } from './keep-tenant.js';

/** What `pipe()` makes: rxjs 7 keeps there what was piped, and onto what. */
interface Piped {
  readonly source?: Observable<unknown>;
  readonly operator?: Operator<unknown, unknown>;
}

/**
 * An Observable whose operators each hear of what they were piped onto in the scope of whoever subscribed: what a shared source
 * emits, it emits in the scope of whoever set it off. Observables that are emitted, as `merge()` does, are kept too; those
 * that a function makes later (`mergeMap()`, `defer()`) are not to be seen from here.
 */
export function keepSources<T>(observable: Observable<T>): Observable<T> {
  const { source, operator } = observable as unknown as Piped;
  // Subscribed to in a way of its own: what it was piped onto may not be all that it reads.
  if (!source || !operator || observable.subscribe !== Observable.prototype.subscribe) return observable;
  const kept = keepSources(source).pipe(keepTenant(), map(keepEmitted));
  return Observable.prototype.lift.call(kept, operator) as Observable<T>;
}

function keepEmitted(value: unknown): unknown {
  return value instanceof Observable ? keepSources(value) : value;
}
