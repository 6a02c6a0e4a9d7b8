import { TenancyOptionsError } from '../tenancy.errors.js';

/** How many requests there may be in a time. */
export interface RequestLimit {
  /** Requests in each window. */
  readonly limit: number;
  /** How long a window is, in milliseconds. */
  readonly ttl: number;
}

/** The limit as it was given. Throws `TenancyOptionsError` where it is none; `what` says whose it is. */
export function checkedLimit(given: unknown, what: string): RequestLimit {
  const { limit, ttl } = (given ?? {}) as Partial<RequestLimit>;
  // NaN, which a variable of the environment becomes so easily, would let everything through.
  for (const [name, value] of Object.entries({ limit, ttl })) {
    if (!Number.isSafeInteger(value) || value! < 1) {
      throw new TenancyOptionsError(`${what}.${name} is ${String(value)}; it must be a whole number of 1 or more.`);
    }
  }
  return { limit: limit!, ttl: ttl! };
}
