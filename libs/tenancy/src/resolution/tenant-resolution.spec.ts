import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import {
  InvalidTenantIdError,
  TenantClaimMismatchError,
  TenantConflictError,
  TenantNotFoundError,
  TenantRequiredError,
  TenantServiceUnavailableError,
  TenantSuspendedError,
} from '../tenancy.errors.js';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import { TenantIdValidator } from '../tenants/tenant-id.js';
import { TenantService } from '../tenants/tenant.service.js';
import { ClaimTenantResolver } from './resolvers/claim.resolver.js';
import { DomainTenantResolver } from './resolvers/domain.resolver.js';
import { HeaderTenantResolver } from './resolvers/header.resolver.js';
import { PathTenantResolver } from './resolvers/path.resolver.js';
import { QueryTenantResolver } from './resolvers/query.resolver.js';
import { SubdomainTenantResolver } from './resolvers/subdomain.resolver.js';
import type { TenantRequest } from './tenant-request.js';
import { TenantResolution } from './tenant-resolution.js';
import type { TenantResolver } from './tenant-resolver.js';

const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme', domains: ['mail.acme.test'] },
  { id: 'globex', schema: 't_globex' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended', domains: ['mail.dormant.test'] },
]);

function resolutionBy(...resolvers: TenantResolver[]): TenantResolution {
  return new TenantResolution(resolvers, new TenantService(store), new TenantIdValidator());
}

const all = [
  new HeaderTenantResolver(),
  new QueryTenantResolver(),
  new PathTenantResolver(),
  new ClaimTenantResolver('tenant', { mayActForAny: (user) => user.role === 'platform' }),
];

type Said = 'nothing' | 'acme' | 'globex' | 'rubbish';
type Caller = 'nobody' | 'a user' | 'the platform';
const said: readonly Said[] = ['nothing', 'acme', 'globex', 'rubbish'];
const callers: readonly Caller[] = ['nobody', 'a user', 'the platform'];

function requestSaying(header: Said, query: Said, path: Said, claim: Said, caller: Caller): TenantRequest {
  const spelled = (word: Said) => (word === 'rubbish' ? 'Not-An-Id!' : word);
  return {
    url:
      (path === 'nothing' ? '/messages' : `/tenants/${spelled(path)}/messages`) +
      (query === 'nothing' ? '' : `?tenant_id=${spelled(query)}`),
    headers: header === 'nothing' ? {} : { 'x-tenant-id': spelled(header) },
    user:
      caller === 'nobody'
        ? undefined
        : {
            ...(caller === 'the platform' ? { role: 'platform' } : {}),
            ...(claim === 'nothing' ? {} : { tenant: spelled(claim) }),
          },
  };
}

/** The one rule, written down apart from the code. */
function rule(hints: readonly Said[], claim: Said, caller: Caller): string {
  const verified = caller === 'nobody' ? 'nothing' : claim;
  if ([...hints, verified].includes('rubbish')) return 'InvalidTenantIdError';
  const asked = [...new Set(hints.filter((hint) => hint !== 'nothing'))];
  if (asked.length > 1) return 'TenantConflictError';
  const [hint] = asked;
  if (caller === 'a user') return hint === undefined || hint === verified ? verified : 'TenantClaimMismatchError';
  return hint ?? verified;
}

describe('what a request says in its header, query, path and claim', () => {
  it('is one tenant, or none, or refused: by one rule in all its combinations', async () => {
    const resolution = resolutionBy(...all);
    const wrong: string[] = [];
    let combinations = 0;
    for (const header of said) {
      for (const query of said) {
        for (const path of said) {
          for (const claim of said) {
            for (const caller of callers) {
              combinations += 1;
              const outcome = await resolution
                .resolveFromRequest(requestSaying(header, query, path, claim, caller))
                .then((tenant) => tenant?.id ?? 'nothing')
                .catch((error: Error) => error.name);
              const expected = rule([header, query, path], claim, caller);
              if (outcome !== expected) {
                wrong.push(`${[header, query, path, claim, caller].join()}: ${outcome}, not ${expected}`);
              }
            }
          }
        }
      }
    }

    expect(wrong).toEqual([]);
    expect(combinations).toBe(768);
  });

  it('is the same whichever resolver is asked first', async () => {
    const request = requestSaying('acme', 'nothing', 'globex', 'nothing', 'nobody');

    await expect(resolutionBy(...all).resolveFromRequest(request)).rejects.toThrow(TenantConflictError);
    await expect(resolutionBy(...all.toReversed()).resolveFromRequest(request)).rejects.toThrow(TenantConflictError);
  });
});

describe('a resolver of the application’s own', () => {
  it('is one among the others', async () => {
    const own: TenantResolver = { source: 'API key', resolve: async () => 'acme' };
    const resolution = resolutionBy(new HeaderTenantResolver(), own);

    expect((await resolution.resolveFromRequest({ headers: {} }))?.id).toBe('acme');
    await expect(resolution.resolveFromRequest({ headers: { 'x-tenant-id': 'globex' } })).rejects.toThrow(
      'header X-Tenant-ID says "globex", API key says "acme"',
    );
  });

  it('cannot answer with what is no id', async () => {
    const resolution = resolutionBy({ resolve: () => 'globex; DROP' });

    await expect(resolution.resolveFromRequest({ headers: {} })).rejects.toThrow(InvalidTenantIdError);
  });

  it('is called by its class where it has no name, and two of one class are two', async () => {
    class Own implements TenantResolver {
      constructor(private readonly id: string) {}
      resolve(): string {
        return this.id;
      }
    }

    expect(resolutionBy(new Own('acme')).sources).toEqual(['Own']);
    await expect(resolutionBy(new Own('acme'), new Own('globex')).resolveFromRequest({ headers: {} })).rejects.toThrow(
      TenantConflictError,
    );
  });
});

describe('two claims', () => {
  it('must agree too', async () => {
    const resolution = resolutionBy(new ClaimTenantResolver('tenant'), new ClaimTenantResolver('org'));

    await expect(
      resolution.resolveFromRequest({ headers: {}, user: { tenant: 'acme', org: 'globex' } }),
    ).rejects.toThrow(TenantConflictError);
  });
});

describe('a claim that differs', () => {
  it('is refused before anybody is looked up', async () => {
    const lookUps = vi.spyOn(store, 'findById');
    const request = requestSaying('globex', 'nothing', 'nothing', 'acme', 'a user');

    await expect(resolutionBy(...all).resolveFromRequest(request)).rejects.toThrow(TenantClaimMismatchError);
    expect(lookUps).not.toHaveBeenCalled();
    lookUps.mockRestore();
  });

  it('is refused later too, where the caller was not known yet', async () => {
    const resolution = resolutionBy(...all);

    await expect(resolution.assertClaim({ headers: {}, user: { tenant: 'acme' } }, 'acme')).resolves.toBeUndefined();
    await expect(resolution.assertClaim({ headers: {} }, 'globex')).resolves.toBeUndefined();
    for (const user of [{ tenant: 'acme' }, {}, { tenant: null }]) {
      await expect(resolution.assertClaim({ headers: {}, user }, 'globex')).rejects.toThrow(TenantClaimMismatchError);
    }
  });
});

describe('the tenant that is found', () => {
  it.each([
    ['nobody', TenantNotFoundError],
    ['dormant', TenantSuspendedError],
  ])('is there and active: %s', async (id, error) => {
    const request = { headers: { 'x-tenant-id': id } };

    await expect(resolutionBy(...all).resolveFromRequest(request)).rejects.toThrow(error);
  });

  it('belongs to the domain, where the store knows it', async () => {
    const resolution = resolutionBy(new DomainTenantResolver(), new HeaderTenantResolver());

    expect((await resolution.resolveFromRequest({ headers: { host: 'mail.acme.test' } }))?.id).toBe('acme');
    expect(await resolution.resolveFromRequest({ headers: { host: 'other.test' } })).toBeUndefined();
    await expect(
      resolution.resolveFromRequest({ headers: { host: 'mail.acme.test', 'x-tenant-id': 'globex' } }),
    ).rejects.toThrow(TenantConflictError);
  });

  it('is not found by a domain that is nobody’s, as by one of a tenant that may not be used', async () => {
    const resolution = resolutionBy(new DomainTenantResolver({ ignore: ['api.test'] }), new HeaderTenantResolver());
    const required = async (headers: Record<string, string>) => resolution.require({ headers });

    for (const host of ['nobody.test', 'mail.dormant.test']) {
      await expect(required({ host })).rejects.toThrow(TenantNotFoundError);
      expect((await required({ host, 'x-tenant-id': 'acme' })).id).toBe('acme');
    }
    for (const headers of [{ host: 'api.test' }, { host: '127.0.0.1:3000' }, {}] as Record<string, string>[]) {
      await expect(required(headers)).rejects.toThrow(TenantRequiredError);
    }
  });

  it('cannot be told while the store is down', async () => {
    vi.spyOn(Logger.prototype, 'warn').mockReturnValueOnce();
    const down = { findById: () => Promise.reject(new Error('down')) };
    const resolution = new TenantResolution(all, new TenantService(down), new TenantIdValidator());

    await expect(resolution.resolveFromRequest({ headers: { 'x-tenant-id': 'acme' } })).rejects.toThrow(
      TenantServiceUnavailableError,
    );
  });
});

describe('an address', () => {
  const resolution = resolutionBy(...all, new SubdomainTenantResolver('example.com'));

  it.each([
    'https://acme.example.com/socket',
    'wss://acme.example.com:3000',
    'http://example.com/tenants/acme/messages',
    'http://example.com/?tenant_id=acme',
    'http://ACME.example.com/tenants/acme?tenant_id=acme',
    '/tenants/acme/messages?x=1',
    '/socket?tenant_id=acme',
    new URL('http://acme.example.com'),
  ])('names its tenant by host, path or query: %s', async (url) => {
    expect((await resolution.resolveFromUrl(url))?.id).toBe('acme');
  });

  it.each(['http://example.com/', 'http://acme.example.com@evil.test/', 'http://127.0.0.1/'])(
    'names none: %s',
    async (url) => {
      expect(await resolution.resolveFromUrl(url)).toBeUndefined();
    },
  );

  it('that names two is refused', async () => {
    await expect(resolution.resolveFromUrl('http://acme.example.com/tenants/globex')).rejects.toThrow(
      TenantConflictError,
    );
  });

  it.each(['', 'acme', 'http://'])('is one: "%s" is refused', async (url) => {
    await expect(resolution.resolveFromUrl(url)).rejects.toThrow(InvalidTenantIdError);
  });
});
