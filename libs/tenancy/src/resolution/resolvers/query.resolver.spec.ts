import { describe, expect, it } from 'vitest';
import { InvalidTenantIdError } from '../../tenancy.errors.js';
import { QueryTenantResolver } from './query.resolver.js';

const resolve = (url: string) => new QueryTenantResolver().resolve({ url, headers: {} });

describe('a query', () => {
  it.each([
    ['/?tenant_id=acme', 'acme'],
    ['/a?b=c&tenant_id=acme&d', 'acme'],
    ['/?tenant%5Fid=%61cme', 'acme'],
    ['/?tenant_id=', ''],
    ['/?tenant_id', ''],
    ['/?tenant_id=acme#tenant_id=globex', 'acme#tenant_id=globex'],
  ])('names the tenant of the parameter: %s', (url, id) => {
    expect(resolve(url)).toBe(id);
  });

  it.each([
    '/',
    '/?',
    '/?tenant=acme',
    '/?Tenant_ID=acme',
    '/?tenant_idx=acme',
    '/tenant_id=acme',
    '/?a=tenant_id=acme',
  ])('names none without it: %s', (url) => {
    expect(resolve(url)).toBeUndefined();
  });

  it.each([
    '/?tenant_id=a&tenant_id=b',
    '/?tenant_id=acme&tenant_id=acme',
    '/?tenant_id[]=acme',
    '/?tenant_id%5B%5D=acme',
    '/?tenant_id[]=acme&tenant_id[]=globex',
    '/?tenant_id=acme&tenant_id[0]=globex',
    '/?tenant_id[a][b]=acme',
  ])('that gives it as a list is refused: %s', (url) => {
    expect(() => resolve(url)).toThrow(InvalidTenantIdError);
  });

  it('has another parameter where the application says so', () => {
    const resolver = new QueryTenantResolver('customer');

    expect(resolver.resolve({ url: '/?customer=acme&tenant_id=globex', headers: {} })).toBe('acme');
  });
});
