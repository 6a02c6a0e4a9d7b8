import type { IncomingMessage, ServerResponse } from 'node:http';
import { normalizeIp } from '@nestjs/throttler';
import { AddressLimitExceededError } from '../tenancy.errors.js';
import type { AddressLimits } from './address-limits.js';
import { admittedTenant } from './admitted-requests.js';
import { limitField, policyField } from './rate-limit-headers.js';

/** Express's request, and what middie makes of Node's: the address is that of the proxies which the application trusts. */
type Request = IncomingMessage & { readonly ip?: string };

/** The door: before the authentication, and before any tenant is looked up. */
export function addressLimitMiddleware(addresses: AddressLimits, isExcluded: (request: Request) => boolean) {
  return (request: Request, response: ServerResponse, next: (error?: unknown) => void): void => {
    if (isExcluded(request)) return next();
    const address = normalizeIp(request.ip ?? request.socket.remoteAddress ?? 'unknown');
    try {
      addresses.check(address);
    } catch (error) {
      if (error instanceof AddressLimitExceededError) {
        const state = { policy: 'address', limit: addresses.limit, remaining: 0, reset: error.retryAfter };
        response.setHeader('RateLimit-Policy', policyField(state));
        response.setHeader('RateLimit', limitField(state));
        response.setHeader('Retry-After', String(error.retryAfter));
        // Mercurius asks no filter before its resolvers: it takes these from the error, and would answer 200 without.
        Object.assign(error, { statusCode: 429, extensions: { code: error.code, status: 429 } });
      }
      return next(error);
    }
    let isOver = false;
    const count = (): void => {
      if (isOver) return;
      isOver = true;
      if (admittedTenant(request) === undefined && !isAnsweredPreflight(request, response))
        void addresses.count(address);
    };
    // The first of both: `close` alone comes after the client may have sent its next request.
    response.once('finish', count);
    response.once('close', count);
    next();
  };
}

/** A browser asks whether it may send a request, and the application's CORS has answered: the request itself counts. */
function isAnsweredPreflight({ method }: Request, response: ServerResponse): boolean {
  return method === 'OPTIONS' && response.hasHeader('Access-Control-Allow-Methods');
}
