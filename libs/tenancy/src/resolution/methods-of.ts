export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** A method, and the prototype that declares it. */
export interface DeclaredMethod {
  readonly owner: Record<string, unknown>;
  readonly name: string;
  readonly method: Method;
}

/** The methods of a class, and those that it inherits. */
export function* methodsOf(type: unknown): Iterable<DeclaredMethod> {
  if (typeof type !== 'function') return;
  let owner = type.prototype as object | null | undefined;
  for (; owner && owner !== Object.prototype; owner = Object.getPrototypeOf(owner) as object | null) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
      const method: unknown = value;
      if (typeof method === 'function') {
        yield { owner: owner as Record<string, unknown>, name, method: method as Method };
      }
    }
  }
}
