import type { RequestLimit } from './request-limit.js';

/** The two fields of draft-ietf-httpapi-ratelimit-headers, as they are since its version 08. Names in lower case are Node's. */
export interface RateLimit {
  /** Whose limit it is, such as `tenant`. */
  readonly policy: string;
  readonly limit: RequestLimit;
  readonly remaining: number;
  /** When there is a new quota, in seconds. */
  readonly reset: number;
}

/** `"tenant";q=60;w=60`: the quota, and the window in seconds. */
export function policyField({ policy, limit }: RateLimit): string {
  return `"${policy}";q=${limit.limit};w=${Math.ceil(limit.ttl / 1_000)}`;
}

/** `"tenant";r=59;t=60`: what is left of the quota, and the seconds until there is a new one. */
export function limitField({ policy, remaining, reset }: RateLimit): string {
  return `"${policy}";r=${Math.max(0, remaining)};t=${Math.max(0, reset)}`;
}
