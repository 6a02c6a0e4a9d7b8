type AnyFunction = (...args: never[]) => unknown;

/** What decorators noted on a function (@Cron, @Process, …) must be found on what takes its place. */
export function keepMetadata(from: AnyFunction, to: object): void {
  for (const key of Reflect.getOwnMetadataKeys(from)) {
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
  }
  Object.defineProperty(to, 'name', { value: from.name, configurable: true });
}
