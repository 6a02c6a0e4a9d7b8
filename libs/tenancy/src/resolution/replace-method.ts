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
  for (const key of Reflect.getOwnMetadataKeys(own) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, own), method);
  }
  const { value: length } = Object.getOwnPropertyDescriptor(own, 'length') ?? {};
  Object.defineProperties(method, { name: { value: own.name }, length: { value: length as unknown } });
  put.set(method, around);
  owner[name] = method;
}
