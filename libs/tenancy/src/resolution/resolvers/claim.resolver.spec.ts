import { describe, expect, it } from 'vitest';
import { ClaimTenantResolver } from './claim.resolver.js';

const resolver = new ClaimTenantResolver('tenant', { mayActForAny: (user) => user.role === 'platform' });
const as = (user: unknown) => ({ headers: {}, user });

describe('an authenticated caller', () => {
  it('has the tenant of his claim, and is bound to it', () => {
    expect(resolver.resolve(as({ tenant: 'acme' }))).toBe('acme');
    expect(resolver.binds(as({ tenant: 'acme' }))).toBe(true);
  });

  it('is bound without a claim too: he may act for none', () => {
    expect(resolver.resolve(as({}))).toBeUndefined();
    expect(resolver.resolve(as({ tenant: null }))).toBeUndefined();
    expect(resolver.binds(as({}))).toBe(true);
  });

  it('is not bound where he may act for any tenant', () => {
    expect(resolver.resolve(as({ tenant: 'acme', role: 'platform' }))).toBe('acme');
    expect(resolver.binds(as({ tenant: 'acme', role: 'platform' }))).toBe(false);
  });

  it.each([['acme', 'globex'], { id: 'acme' }, 7, '', true])(
    'has a claim as it is, for the validator to refuse: %o',
    (tenant) => {
      expect(resolver.resolve(as({ tenant }))).toBe(tenant);
    },
  );

  it('is found on Fastify’s request and on the one within it', () => {
    expect(resolver.resolve({ headers: {}, raw: { user: { tenant: 'acme' } } })).toBe('acme');
  });

  it('is found where the application says he is', () => {
    const own = new ClaimTenantResolver('org', {
      principal: (request) => (request as unknown as { auth: unknown }).auth,
    });

    expect(own.resolve({ headers: {}, auth: { org: 'acme' }, user: { org: 'globex' } } as never)).toBe('acme');
  });

  it('may act for no other tenant unless the application says so', () => {
    expect(new ClaimTenantResolver().binds(as({ tenant: 'acme', role: 'platform' }))).toBe(true);
  });
});

describe('nobody', () => {
  it.each([undefined, null, false])('has no claim and is bound to none: %o', (user) => {
    expect(resolver.resolve(as(user))).toBeUndefined();
    expect(resolver.binds(as(user))).toBe(false);
  });

  it.each(['a name', 7])('is no claim of somebody whose authentication left no more than %j, and binds', (user) => {
    expect(resolver.resolve(as(user))).toBeUndefined();
    expect(resolver.binds(as(user))).toBe(true);
  });
});
