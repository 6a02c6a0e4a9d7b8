import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { currentScope } from '../context/tenancy-scope.js';
import { defineTenant } from '../tenants/tenant.js';
import type { RequestScopes } from './request-scopes.js';
import { TenantMiddleware } from './tenant.middleware.js';

const tenant = defineTenant({ id: 'acme', schema: 't_acme' });
const opening = (open: RequestScopes['open']): TenantMiddleware =>
  new TenantMiddleware({ open, headers: () => [] } as unknown as RequestScopes);
const response = () => Object.assign(new EventEmitter(), { getHeader: () => undefined });

describe('what comes after the middleware', () => {
  it('runs in the scope of the request', async () => {
    const scope = await new Promise((resolve) =>
      opening(async () => ({ tenant })).use({ headers: {} }, response(), () => resolve(currentScope())),
    );

    expect(scope).toEqual({ tenant });
    expect(currentScope()).toBeUndefined();
  });

  it('is told why there is no scope', async () => {
    const failure = new Error('The resolver failed.');

    const told = await new Promise((resolve) =>
      opening(() => Promise.reject(failure)).use({ headers: {} }, response(), (error) => resolve(error)),
    );

    expect(told).toBe(failure);
  });

  it('may throw at once: it is told so, and no process ends', async () => {
    const failure = new Error('The next middleware failed.');

    const told = await new Promise((resolve) =>
      opening(async () => ({ tenant })).use({ headers: {} }, response(), (error) => {
        if (error === undefined) throw failure;
        resolve(error);
      }),
    );

    expect(told).toBe(failure);
  });
});
