import { keepMetadata } from '../context/keep-metadata.js';
import type { DeclaredMethod, Method } from './methods-of.js';

/** What is put around a method, which `work` calls. */
export type Around = (work: () => unknown, self: unknown, method: Method) => unknown;

const put = new WeakMap<object, Around>();

/**
 * Puts something around a method, which keeps its name and all that it is marked with. Once for the process: several
 * applications in it have the same classes.
 */
export function replaceMethod({ owner, name, method: own }: DeclaredMethod, around: Around): void {
  if (put.get(own) === around) return;
  const method: Method = function (...args) {
    return around(() => Reflect.apply(own, this, args), this, own);
  };
  keepMetadata(own, method);
  Object.defineProperty(method, 'length', { value: own.length, configurable: true });
  put.set(method, around);
  owner[name] = method;
}
