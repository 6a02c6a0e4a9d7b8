import { describe, expect, it } from 'vitest';
import { InvalidTenantIdError, TenancyOptionsError } from '../../tenancy.errors.js';
import { SubdomainTenantResolver } from './subdomain.resolver.js';

const resolver = new SubdomainTenantResolver('example.com', { ignore: ['www', 'API'] });
const resolve = (host?: string) => resolver.resolve({ headers: host === undefined ? {} : { host } });

describe('a host', () => {
  it.each([
    'acme.example.com',
    'acme.example.com:3000',
    'acme.example.com.',
    'acme.example.com.:3000',
    'ACME.Example.Com',
  ])('names the tenant of the label before the domain: %s', (host) => {
    expect(resolve(host)).toBe('acme');
  });

  it.each([
    undefined,
    'example.com',
    'example.com:3000',
    'www.example.com',
    'API.example.com',
    'localhost:3000',
    'acme.example.org',
    'acme.notexample.com',
    'acme.example.com.evil.example',
    'acmeexample.com',
    '127.0.0.1:3000',
    '[::1]:3000',
  ])('names none elsewhere: %s', (host) => {
    expect(resolve(host)).toBeUndefined();
  });

  it('names all labels before the domain, for the validator to refuse', () => {
    expect(resolve('a.acme.example.com')).toBe('a.acme');
  });

  it.each([
    '',
    'acme.example.com, globex.example.com',
    'globex.example.com@acme.example.com',
    'acme%2eexample.com',
    'аcme.example.com',
    'acme..example.com',
    '.example.com',
    'acme.example.com:port',
  ])('that is made to be misread is refused: %s', (host) => {
    expect(() => resolve(host)).toThrow(InvalidTenantIdError);
  });

  it('that comes twice is refused', () => {
    const rawHeaders = ['Host', 'acme.example.com', 'Host', 'globex.example.com'];

    expect(() => resolver.resolve({ headers: { host: 'acme.example.com' }, rawHeaders })).toThrow(InvalidTenantIdError);
  });

  it('is never the one that a proxy is said to have seen', () => {
    const headers = { host: 'acme.example.com', 'x-forwarded-host': 'globex.example.com', forwarded: 'host=globex' };

    expect(resolver.resolve({ headers })).toBe('acme');
  });
});

describe('the domain', () => {
  it.each(['', '*.example.com', '127.0.0.1', 'https://example.com'])('is one: "%s" is refused', (domain) => {
    expect(() => new SubdomainTenantResolver(domain)).toThrow(TenancyOptionsError);
  });

  it('may have a port and capital letters', () => {
    expect(new SubdomainTenantResolver('Localhost:3000').resolve({ headers: { host: 'acme.localhost:3000' } })).toBe(
      'acme',
    );
  });
});
