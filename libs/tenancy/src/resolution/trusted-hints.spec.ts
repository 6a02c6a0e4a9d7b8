import { describe, expect, it, vi } from 'vitest';
import { InvalidTenantIdError, TenancyOptionsError, TenantConflictError } from '../tenancy.errors.js';
import { TenantClaimMismatchError, TenantHintUntrustedError, TenantRequiredError } from '../tenancy.errors.js';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import { TenantIdValidator } from '../tenants/tenant-id.js';
import { TenantService } from '../tenants/tenant.service.js';
import { ClaimTenantResolver } from './resolvers/claim.resolver.js';
import { DomainTenantResolver } from './resolvers/domain.resolver.js';
import { HeaderTenantResolver } from './resolvers/header.resolver.js';
import { QueryTenantResolver } from './resolvers/query.resolver.js';
import { SubdomainTenantResolver } from './resolvers/subdomain.resolver.js';
import type { TenantRequest } from './tenant-request.js';
import { TenantResolution } from './tenant-resolution.js';
import type { TenantResolver } from './tenant-resolver.js';
import { TrustedHints } from './trusted-hints.js';
import type { TrustedHintsOptions } from './trusted-hints-options.js';

const proxies = ['10.1.0.0/16'];
const gateway = new HeaderTenantResolver('X-Gateway-Tenant');
const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme', domains: ['mail.acme.test'] },
  { id: 'globex', schema: 't_globex' },
]);

function resolutionBy(resolvers: TenantResolver[], hints: Partial<TrustedHintsOptions>): TenantResolution {
  return new TenantResolution(resolvers, new TenantService(store), new TenantIdValidator(), new TrustedHints(hints));
}

function from(remoteAddress: string | undefined, headers: Record<string, string>, more: object = {}): TenantRequest {
  return { headers, socket: { remoteAddress }, ...more };
}

describe('a gateway’s header', () => {
  const resolution = resolutionBy([new QueryTenantResolver(), new ClaimTenantResolver()], {
    proxies,
    resolvers: [gateway],
  });

  it('names the tenant where the gateway sends it', async () => {
    expect((await resolution.resolveFromRequest(from('10.1.2.3', { 'x-gateway-tenant': 'acme' })))?.id).toBe('acme');
    expect((await resolution.resolveFromRequest(from('::ffff:10.1.2.3', { 'x-gateway-tenant': 'acme' })))?.id).toBe(
      'acme',
    );
  });

  it.each(['acme', 'nobody', 'No Id', ''])('is refused from anybody else, whatever it says: "%s"', async (said) => {
    const lookUps = vi.spyOn(store, 'findById');

    for (const stranger of ['203.0.113.9', '::1', undefined]) {
      await expect(resolution.resolveFromRequest(from(stranger, { 'x-gateway-tenant': said }))).rejects.toThrow(
        TenantHintUntrustedError,
      );
    }
    expect(lookUps).not.toHaveBeenCalled();
    lookUps.mockRestore();
  });

  it('is not made the gateway’s by what a stranger says of himself', async () => {
    const headers = { 'x-gateway-tenant': 'acme', 'x-forwarded-for': '10.1.2.3', forwarded: 'for=10.1.2.3' };

    await expect(resolution.resolveFromRequest(from('203.0.113.9', headers, { ip: '10.1.2.3' }))).rejects.toThrow(
      TenantHintUntrustedError,
    );
  });

  it('agrees with the others, and with the claim', async () => {
    const request = (more: object) => from('10.1.2.3', { 'x-gateway-tenant': 'acme' }, more);

    await expect(resolution.resolveFromRequest(request({ url: '/?tenant_id=globex' }))).rejects.toThrow(
      TenantConflictError,
    );
    await expect(resolution.resolveFromRequest(request({ user: { tenant: 'globex' } }))).rejects.toThrow(
      TenantClaimMismatchError,
    );
  });

  it('is missed by nobody who does not send it', async () => {
    expect((await resolution.resolveFromRequest(from('203.0.113.9', {}, { url: '/?tenant_id=acme' })))?.id).toBe(
      'acme',
    );
  });

  it('is the gateway’s wherever else it is listed, and not named to those who may not send it', async () => {
    const listedTwice = resolutionBy([gateway], { proxies, resolvers: [gateway] });
    const request = from('203.0.113.9', { 'x-gateway-tenant': 'acme' });

    await expect(listedTwice.resolveFromRequest(request)).rejects.toThrow(TenantHintUntrustedError);
    await expect(resolution.resolveFromRequest(request, { resolvers: [gateway], instead: true })).rejects.toThrow(
      TenantHintUntrustedError,
    );
    await expect((async () => resolution.require(from('203.0.113.9', {})))()).rejects.toThrow(
      new TenantRequiredError(['query parameter tenant_id', 'claim tenant']),
    );
  });

  it('has no address to be trusted by in a link', async () => {
    const byQuery = resolutionBy([], { proxies, resolvers: [new QueryTenantResolver()] });

    await expect(byQuery.resolveFromUrl('http://example.com/?tenant_id=acme')).rejects.toThrow(
      TenantHintUntrustedError,
    );
  });
});

describe('a domain that only a proxy may ask for', () => {
  it('is not looked up for a stranger: not even that it is there', async () => {
    const resolution = resolutionBy([], { proxies, resolvers: [new DomainTenantResolver()] });
    const lookUps = vi.spyOn(store, 'findByDomain');

    for (const host of ['mail.acme.test', 'nobody.test']) {
      await expect(resolution.resolveFromRequest(from('203.0.113.9', { host }))).rejects.toThrow(
        TenantHintUntrustedError,
      );
    }
    expect(lookUps).not.toHaveBeenCalled();
    expect((await resolution.resolveFromRequest(from('10.1.2.3', { host: 'mail.acme.test' })))?.id).toBe('acme');
    lookUps.mockRestore();
  });
});

describe('X-Forwarded-Host', () => {
  const hosts = [new SubdomainTenantResolver('example.com'), new DomainTenantResolver({ ignore: ['*.example.com'] })];
  const resolution = resolutionBy(hosts, { proxies, forwardedHost: true });
  const forwarded = (peer: string, host: string, more: object = {}) =>
    resolution.resolveFromRequest(from(peer, { host: 'globex.example.com', 'x-forwarded-host': host }, more));

  it.each(['acme.example.com', 'ACME.example.com:443', 'acme.example.com.', 'mail.acme.test'])(
    'goes before the host where a proxy gives it: %s',
    async (host) => {
      expect((await forwarded('10.1.2.3', host))?.id).toBe('acme');
    },
  );

  it('is refused from anybody else, though the host is there', async () => {
    await expect(forwarded('203.0.113.9', 'acme.example.com')).rejects.toThrow(TenantHintUntrustedError);
  });

  it.each([
    'acme.example.com, globex.example.com',
    '',
    '10.1.2.3',
    'acme.example.com@x',
    'аcme.example.com',
    'http://x',
  ])('has one host name: "%s" is refused', async (host) => {
    await expect(forwarded('10.1.2.3', host)).rejects.toThrow(InvalidTenantIdError);
  });

  it('that is sent twice is refused', async () => {
    const rawHeaders = ['X-Forwarded-Host', 'acme.example.com', 'x-forwarded-host', 'acme.example.com'];

    await expect(forwarded('10.1.2.3', 'acme.example.com', { rawHeaders })).rejects.toThrow(InvalidTenantIdError);
  });

  it('that a proxy does not give leaves the host', async () => {
    expect((await resolution.resolveFromRequest(from('10.1.2.3', { host: 'acme.example.com' })))?.id).toBe('acme');
  });

  it('is not read where the application does not say so', async () => {
    const plain = resolutionBy(hosts, { proxies });
    const headers = { host: 'acme.example.com', 'x-forwarded-host': 'globex.example.com' };

    for (const peer of ['10.1.2.3', '203.0.113.9']) {
      expect((await plain.resolveFromRequest(from(peer, headers)))?.id).toBe('acme');
    }
  });
});

describe('the options', () => {
  it.each([
    ['no proxies', { resolvers: [gateway] }],
    ['what is no address', { proxies: ['gateway.internal'] }],
    ['a claim as a hint', { proxies, resolvers: [new ClaimTenantResolver()] }],
  ])('are refused with %s', (_what, options) => {
    expect(() => new TrustedHints(options)).toThrow(TenancyOptionsError);
  });
});
