import { describe, expect, it } from 'vitest';
import { InvalidTenantIdError, TenancyOptionsError } from '../../tenancy.errors.js';
import { PathTenantResolver } from './path.resolver.js';

const resolve = (url: string, pattern?: string) => new PathTenantResolver(pattern).resolve({ url, headers: {} });

describe('a path', () => {
  it.each([
    ['/tenants/acme', 'acme'],
    ['/tenants/acme/', 'acme'],
    ['/tenants/acme/messages/7', 'acme'],
    ['/tenants/acme?tenant_id=globex', 'acme'],
    ['/TENANTS/acme', 'acme'],
    ['//tenants//acme', 'acme'],
    ['/t%65nants/%61cme', 'acme'],
    ['http://globex.example.com/tenants/acme/messages', 'acme'],
  ])('names the tenant in its place: %s', (url, id) => {
    expect(resolve(url)).toBe(id);
  });

  it.each([
    ['/tenants/Acme', 'Acme'],
    ['/tenants/acme%2Fx', 'acme/x'],
    ['/tenants/acme;x=1', 'acme;x=1'],
    ['/tenants/..', '..'],
    ['/tenants/%00', '\0'],
  ])('names what is there as it is, for the validator to refuse: %s', (url, id) => {
    expect(resolve(url)).toBe(id);
  });

  it.each(['/', '/tenants', '/tenants/', '/tenantsx/acme', '/messages', '/v1/tenants/acme', '/?/tenants/acme'])(
    'names none elsewhere: %s',
    (url) => {
      expect(resolve(url)).toBeUndefined();
    },
  );

  it.each(['/tenants/%', '/tenants/%zz', '/tenants/%ff', '/tenants/%c0%ae'])(
    'with a broken escape is refused: %s',
    (url) => {
      expect(() => resolve(url)).toThrow(InvalidTenantIdError);
    },
  );

  it.each(['/tenants\\acme', '/tenants/acme\\globex', '\\tenants\\acme'])(
    'with a backslash, which a router may read as a slash, is refused: %s',
    (url) => {
      expect(() => resolve(url)).toThrow(InvalidTenantIdError);
    },
  );

  it.each([
    ['/:tenantId', '/acme/messages', 'acme'],
    ['/api/V1/tenants/:tenantId/inner', '/api/v1/tenants/acme/inner/x', 'acme'],
    ['/:TENANTID/x', '/acme/x', 'acme'],
  ])('has its place where the application says so: %s', (pattern, url, id) => {
    expect(resolve(url, pattern)).toBe(id);
  });

  it.each(['tenants/:tenantId', '/tenants', '/:tenantId/:tenantId', ''])(
    'has one place, after a slash: "%s"',
    (pattern) => {
      expect(() => new PathTenantResolver(pattern)).toThrow(TenancyOptionsError);
    },
  );
});
