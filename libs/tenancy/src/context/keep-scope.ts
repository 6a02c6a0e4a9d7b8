import { isObservable, Observable } from 'rxjs';
import type { TenancyScope } from './tenancy-scope.js';
import { runInScope } from './tenancy-scope.js';

/**
 * Runs work in a scope, and what it returns too: an Observable does its work when it is subscribed to, an async
 * generator when it is read, both long after `work` returned and wherever their reader happens to be.
 */
export function runAndKeepScope<T>(scope: TenancyScope, work: () => T): T {
  const result: unknown = runInScope(scope, work);
  if (isObservable(result)) {
    return new Observable((subscriber) => runInScope(scope, () => result.subscribe(subscriber))) as T;
  }
  if (isAsyncGenerator(result)) return keepGenerator(scope, result) as T;
  return result as T;
}

function isAsyncGenerator(value: unknown): value is AsyncGenerator {
  return Object.prototype.toString.call(value) === '[object AsyncGenerator]';
}

function keepGenerator(scope: TenancyScope, generator: AsyncGenerator): AsyncGenerator {
  return new Proxy(generator, {
    get(target, property) {
      if (property === Symbol.asyncIterator) return () => keepGenerator(scope, target);
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => runInScope(scope, () => Reflect.apply(member, target, args));
    },
  });
}
