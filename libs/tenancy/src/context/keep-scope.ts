import { Readable } from 'node:stream';
import { isObservable, Observable } from 'rxjs';
import { keepSources } from './keep-sources.js';
import { subscribeIn } from './subscribe-in.js';
import type { TenancyScope } from './tenancy-scope.js';
import { runInScope } from './tenancy-scope.js';

/**
 * Runs work in a scope, and what it returns too: an Observable does its work when it is subscribed to, a generator when
 * it is read, both long after `work` returned and wherever their reader happens to be.
 */
export function runAndKeepScope<T>(scope: TenancyScope, work: () => T): T {
  return keepScope(scope, runInScope(scope, work)) as T;
}

function keepScope(scope: TenancyScope, result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return result;
  // Asked with `in` first: there are objects that throw where a property is read that they have not.
  if ('subscribe' in result && isObservable(result)) return keepObservable(scope, result);
  if (isGenerator(result)) return keepGenerator(scope, result);
  if (result instanceof Readable) return keepReadable(scope, result);
  if (result instanceof Promise) return result.then((value) => keepScope(scope, value));
  // A query builder that runs once it is awaited: it would run in the scope of whoever awaits it.
  if (isThenable(result)) {
    return new Promise((resolve, reject) => void runInScope(scope, () => result.then(resolve, reject)));
  }
  return result;
}

function keepObservable(scope: TenancyScope, source: Observable<unknown>): Observable<unknown> {
  const kept = keepSources(source);
  // What comes after run() is its caller's: subscribers are told in the scope they subscribed in.
  return new Observable((subscriber) => subscribeIn(scope, kept, subscriber));
}

function keepGenerator(scope: TenancyScope, generator: AsyncGenerator | Generator): unknown {
  const kept: unknown = new Proxy(generator, {
    get(target, property) {
      if (property === Symbol.asyncIterator || property === Symbol.iterator) return () => kept;
      const member: unknown = Reflect.get(target, property, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => runInScope(scope, () => Reflect.apply(member, target, args) as unknown);
    },
  });
  return kept;
}

/** A stream does its work when it is read. Its listeners are its reader's own affair. */
function keepReadable(scope: TenancyScope, stream: Readable): Readable {
  const { _read, _destroy } = stream;
  return Object.assign(stream, {
    _read: (size: number) => runInScope(scope, () => _read.call(stream, size)),
    _destroy: (...args: Parameters<typeof _destroy>) => runInScope(scope, () => _destroy.apply(stream, args)),
  });
}

function isGenerator(value: object): value is AsyncGenerator | Generator {
  return /^\[object (?:Async)?Generator\]$/.test(Object.prototype.toString.call(value));
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return 'then' in value && typeof value.then === 'function';
}
