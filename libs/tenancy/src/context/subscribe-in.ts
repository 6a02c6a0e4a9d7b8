import type { Observable, Subscriber } from 'rxjs';
import { Subject, takeUntil } from 'rxjs';
import type { TenancyScope } from './tenancy-scope.js';
import { currentScope, runInScope } from './tenancy-scope.js';

/** Subscribes to an Observable in a scope, and leaves it there; what it emits is told in the subscriber's own. */
export function subscribeIn<T>(
  scope: TenancyScope | undefined,
  source: Observable<T>,
  subscriber: Subscriber<T>,
): void {
  const outer = currentScope();
  const left = new Subject<void>();
  subscriber.add(() => runInScope(scope, () => left.next()));
  runInScope(scope, () =>
    source.pipe(takeUntil(left)).subscribe({
      next: (value) => runInScope(outer, () => subscriber.next(value)),
      error: (error) => runInScope(outer, () => subscriber.error(error)),
      complete: () => runInScope(outer, () => subscriber.complete()),
    }),
  );
}
