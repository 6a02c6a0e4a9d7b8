/** The value itself, its objects and lists frozen at any depth: one reader must not change what the next one gets. */
export function deepFrozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  // What a schema made, such as a Date, is left as it is: freezing it changes nothing of what it holds.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== null && prototype !== Object.prototype) return value;
  for (const inner of Object.values(value)) deepFrozen(inner);
  return Object.freeze(value);
}
