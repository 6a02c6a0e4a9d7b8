import type { TenancyError } from '../tenancy.errors.js';
import { problemOf } from './problem.js';

const told = new WeakSet<object>();

/**
 * The error as a client of GraphQL may see it, which takes over the message and the `extensions` of what is thrown: that of the
 * log would tell what exists. It is still the error that it was for whoever catches it on the way, and is told once.
 */
export function toldError<T extends TenancyError>(error: T): T {
  if (told.has(error)) return error;
  const { detail, code, status } = problemOf(error);
  const safe = Object.create(error, {
    message: { value: detail },
    cause: { value: error },
    extensions: { value: { code, status }, enumerable: true },
  }) as T;
  told.add(safe);
  return safe;
}

/** Whether an error is one that `toldError()` made. */
export function isTold(error: object): boolean {
  return told.has(error);
}
