import { TenancyError } from '../tenancy.errors.js';

/**
 * The `TenancyError` in what was thrown: the error itself, or what TypeORM wraps into its `QueryFailedError`, as it does with
 * every failure of a statement. `undefined` for any other error.
 *
 * @example if (tenancyErrorOf(error) instanceof StatementTimeoutError) return cached;
 */
export function tenancyErrorOf(error: unknown): TenancyError | undefined {
  if (error instanceof TenancyError) return error;
  const inner = typeof error === 'object' && error !== null && 'driverError' in error ? error.driverError : undefined;
  return inner instanceof TenancyError ? inner : undefined;
}

/** What has a `TenancyError` in it, for `@Catch()`: that asks with `instanceof`, and takes no other condition. */
export abstract class WithTenancyError {
  static [Symbol.hasInstance](error: unknown): boolean {
    return tenancyErrorOf(error) !== undefined;
  }
}
