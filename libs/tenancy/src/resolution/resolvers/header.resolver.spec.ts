import { describe, expect, it } from 'vitest';
import { HeaderTenantResolver } from './header.resolver.js';

describe('a request with the header', () => {
  it('names the tenant of X-Tenant-ID', () => {
    expect(new HeaderTenantResolver().resolve({ headers: { 'x-tenant-id': 'acme' } })).toBe('acme');
  });

  it('names the tenant of another header, where the application says so', () => {
    const resolver = new HeaderTenantResolver('X-Customer');

    expect(resolver.resolve({ headers: { 'x-customer': 'acme', 'x-tenant-id': 'globex' } })).toBe('acme');
    expect(resolver.source).toBe('header X-Customer');
  });

  it('names an empty one where it is empty: an answer, and a wrong one', () => {
    expect(new HeaderTenantResolver().resolve({ headers: { 'x-tenant-id': '' } })).toBe('');
  });
});

describe('a request without the header', () => {
  it('names none', () => {
    expect(new HeaderTenantResolver().resolve({ headers: {} })).toBeUndefined();
  });
});
