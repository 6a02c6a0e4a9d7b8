import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { describeTenantStore } from '../../../../test/support/describe-tenant-store.js';
import type { TestServer } from '../../../../test/support/tenant-server.js';
import { serveTenants, startServer } from '../../../../test/support/tenant-server.js';
import {
  TenancyOptionsError,
  TenantConfigConflictError,
  TenantConfigInvalidError,
  TenantNotFoundError,
  TenantServiceUnavailableError,
} from '../tenancy.errors.js';
import type { HttpTenantStoreOptions } from './http-calls.js';
import { HttpTenantStore } from './http-tenant-store.js';
import { InMemoryTenantStore } from './in-memory-tenant-store.js';
import { TenantService } from './tenant.service.js';

const servers: TestServer[] = [];

async function serve(listener: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = await startServer(listener);
  servers.push(server);
  return server.url;
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describeTenantStore('HttpTenantStore', async (tenants) => {
  const url = await serve(serveTenants(new InMemoryTenantStore(tenants)));
  return new HttpTenantStore({ baseUrl: url });
});

const acme = JSON.stringify({ id: 'acme', schema: 't_acme', domains: ['acme.test'] });

const nobody = (response: ServerResponse) =>
  response.writeHead(404, { 'content-type': 'application/problem+json' }).end('{"code":"TENANT_NOT_FOUND"}');

/** A store whose service answers all questions alike. */
async function storeOf(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
  options: Partial<HttpTenantStoreOptions> = {},
): Promise<HttpTenantStore> {
  return new HttpTenantStore({ baseUrl: await serve((request, response) => answer(response, request)), ...options });
}

describe('a question', () => {
  it('goes below the base address, with the token', async () => {
    const asked: unknown[] = [];
    const url = await serve((request, response) => {
      asked.push([request.method, request.url, request.headers.authorization, request.headers.accept]);
      response.end(acme);
    });

    await new HttpTenantStore({ baseUrl: `${url}/registry/v1/`, token: 's3cret' }).findById('acme');
    await new HttpTenantStore({ baseUrl: url }).findByDomain('acme.test');

    expect(asked).toEqual([
      ['GET', '/registry/v1/tenants/acme', 'Bearer s3cret', 'application/json'],
      ['GET', '/domains/acme.test', undefined, 'application/json'],
    ]);
  });

  it.each([
    ['../admin', '/tenants/..%2Fadmin'],
    ['%2e%2e', '/tenants/%252e%252e'],
    ['x?all=true', '/tenants/x%3Fall%3Dtrue'],
    ['x#y', '/tenants/x%23y'],
    ['a/b', '/tenants/a%2Fb'],
    ['a\\b', '/tenants/a%5Cb'],
    ['a b\n', '/tenants/a%20b%0A'],
  ])('never leaves its place in the path: %s', async (id, path) => {
    const asked: unknown[] = [];
    const store = await storeOf((response, request) => {
      asked.push(request.url);
      nobody(response);
    });

    expect(await store.findById(id)).toBeUndefined();
    expect(asked).toEqual([path]);
  });

  it.each(['', '.', '..'])('is not asked where it would be another, and is nobody’s: "%s"', async (id) => {
    const asked: unknown[] = [];
    const store = await storeOf((response, request) => {
      asked.push(request.url);
      response.end(acme);
    });

    expect(await store.findById(id)).toBeUndefined();
    expect(await store.findByDomain(id)).toBeUndefined();
    await expect(store.updateConfig(id, {})).rejects.toThrow(TenantNotFoundError);
    await expect(store.suspendTenant(id)).rejects.toThrow(TenantNotFoundError);
    expect(asked).toEqual([]);
  });
});

describe('an answer', () => {
  it.each([
    ['application/json', '{}'],
    ['application/json; charset=utf-8', '{"code":"TENANT_NOT_FOUND"}'],
    ['application/problem+json', '{"status":404,"code":"TENANT_NOT_FOUND"}'],
  ])('of 404 says that there is none: %s %s', async (type, body) => {
    const store = await storeOf((response) => response.writeHead(404, { 'content-type': type }).end(body));

    expect(await store.findById('acme')).toBeUndefined();
    expect(await store.findByDomain('acme.test')).toBeUndefined();
    await expect(store.updateConfig('acme', {})).rejects.toThrow(TenantNotFoundError);
    await expect(store.suspendTenant('acme')).rejects.toThrow(TenantNotFoundError);
  });

  it.each([
    ['text/plain', '404 page not found'],
    ['text/html', '{}'],
    ['application/json', ''],
    ['application/json', 'null'],
    ['application/json', '{"code":"NOT_FOUND"}'],
    [undefined, '{}'],
  ])('of 404 that is a proxy’s own says nothing: %s %s', async (type, body) => {
    const store = await storeOf((response) =>
      response.writeHead(404, type === undefined ? {} : { 'content-type': type }).end(body),
    );

    const asks = [
      () => store.findById('acme'),
      () => store.findByDomain('acme.test'),
      () => store.updateConfig('acme', {}),
      () => store.suspendTenant('acme'),
    ];
    for (const ask of asks) await expect(ask()).rejects.toThrow('it answered 404 without saying');
  });

  it('of 404 that is a proxy’s own leaves the tenants that are known', async () => {
    let isReplaced = false;
    const store = await storeOf((response) =>
      isReplaced ? response.writeHead(404, { 'content-type': 'text/plain' }).end('no backend') : response.end(acme),
    );
    const tenants = new TenantService(store, undefined, { ttl: 0, retries: 0 });
    await tenants.getTenant('acme');
    isReplaced = true;

    expect((await tenants.getTenant('acme')).id).toBe('acme');
  });

  it.each([201, 204, 400, 401, 403, 410, 429, 500, 502, 503])('of %i says nothing about the tenant', async (status) => {
    const store = await storeOf((response) => response.writeHead(status).end(status === 201 ? 'created' : undefined));

    await expect(store.findById('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '<html>acme</html>'],
    ['half of it', acme.slice(0, -5)],
    ['null', 'null'],
    ['a list', `[${acme}]`],
    ['a string', '"acme"'],
    ['an empty object', '{}'],
    ['another tenant', JSON.stringify({ id: 'globex', schema: 't_globex' })],
    ['an id of another case', JSON.stringify({ id: 'ACME', schema: 't_acme' })],
    ['a list with the tenant in it', JSON.stringify({ tenants: [JSON.parse(acme)], total: 1 })],
    ['no schema', JSON.stringify({ id: 'acme' })],
    ['two schemas', JSON.stringify({ id: 'acme', schema: 't_acme, t_globex' })],
    ['a reserved schema', JSON.stringify({ id: 'acme', schema: 'pg_catalog' })],
    ['a status that there is not', JSON.stringify({ id: 'acme', schema: 't_acme', status: 'ok' })],
    [
      'a depth without end',
      `{"id":"acme","schema":"t_acme","config":{"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}}`,
    ],
  ])('that is %s is refused', async (_what, body) => {
    const store = await storeOf((response) => response.end(body));

    await expect(store.findById('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it.each([
    ['a tenant without the domain', acme],
    ['no tenant', '{}'],
  ])('for a domain that is %s is refused', async (_what, body) => {
    const store = await storeOf((response) => response.end(body));

    await expect(store.findByDomain('globex.test')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('for a domain that it spells in another way is that tenant’s', async () => {
    const spelled = JSON.stringify({ id: 'acme', schema: 't_acme', domains: ['Shop.ACME.test.'] });
    const store = await storeOf((response) => response.end(spelled));

    for (const domain of ['shop.acme.test', 'Shop.Acme.test:443']) {
      expect(await store.findByDomain(domain)).toMatchObject({ id: 'acme', domains: ['shop.acme.test'] });
    }
  });

  it.each(['{}', '[]', `{"tenants":{},"total":1}`, `{"tenants":[],"total":"1"}`, `{"tenants":[{}],"total":1}`, 'null'])(
    'for a list that is none is refused: %s',
    async (body) => {
      const store = await storeOf((response) => response.end(body));

      await expect(store.list({ limit: 1, offset: 0 })).rejects.toThrow(TenantServiceUnavailableError);
    },
  );

  it('that is larger than it may be is not read to its end', async () => {
    let written = 0;
    const store = await storeOf(
      (response) => {
        const more = () => {
          while (written < 64_000_000 && response.write('x'.repeat(64_000))) written += 64_000;
          if (written >= 64_000_000) response.end();
        };
        response.on('drain', more).on('error', () => undefined);
        more();
      },
      { maxBodyBytes: 1_000_000, timeout: 20_000 },
    );

    await expect(store.findById('acme')).rejects.toThrow('its answer is larger than 1000000 bytes');
    expect(written).toBeLessThan(32_000_000);
  });

  it('for a list may be as large for each tenant that was asked for, and no larger', async () => {
    const large = { ...JSON.parse(acme), config: { footer: '\u0001'.repeat(150) } };
    const page = JSON.stringify({ tenants: [large, large, large], total: 3 });
    const store = await storeOf((response) => response.end(page), { maxBodyBytes: 1_000 });
    expect(page.length).toBeGreaterThan(2_000);

    expect((await store.list({ limit: 3, offset: 0 })).total).toBe(3);
    await expect(store.list({ limit: 2, offset: 0 })).rejects.toThrow('its answer is larger than 2000 bytes');
  });

  it('is measured when it is unpacked', async () => {
    const { gzipSync } = await import('node:zlib');
    const body = gzipSync(JSON.stringify({ ...JSON.parse(acme), metadata: { pad: ' '.repeat(3_000_000) } }));
    const store = await storeOf((response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body));

    expect(body.length).toBeLessThan(10_000);
    const outcome = store.findById('acme').then(
      () => 'taken',
      (error: Error) => error.message,
    );
    expect(await outcome).toContain('its answer is larger than 1048576 bytes');
  });
});

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('of %i is not followed, and the token stays here', async (status) => {
    const elsewhere: unknown[] = [];
    const target = await serve((request, response) => {
      elsewhere.push(request.headers.authorization);
      response.end(acme);
    });
    const store = await storeOf(
      (response) => response.writeHead(status, { location: `${target}/tenants/acme` }).end(),
      {
        token: 's3cret',
      },
    );

    await expect(store.findById('acme')).rejects.toThrow(`it answered ${status}`);
    expect(elsewhere).toEqual([]);
  });
});

describe('a service', () => {
  it('that does not answer in time is given up', async () => {
    const store = await storeOf(() => undefined, { timeout: 50 });

    await expect(store.findById('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('that begins an answer and does not end it in time is given up', async () => {
    const store = await storeOf((response) => response.writeHead(200).write(acme.slice(0, 5)), { timeout: 50 });

    await expect(store.findById('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('that breaks off is given up', async () => {
    const store = await storeOf((response) => {
      response.writeHead(200, { 'content-length': '500' });
      response.write(acme.slice(0, 5), () => response.destroy());
    });

    await expect(store.findById('acme')).rejects.toThrow(TenantServiceUnavailableError);
  });

  it('that is not there is an error with its cause', async () => {
    const server = await startServer(() => undefined);
    await server.close();

    const failure = await new HttpTenantStore({ baseUrl: server.url })
      .findById('acme')
      .catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(TenantServiceUnavailableError);
    expect(String(((failure as Error).cause as Error).cause)).toContain('ECONNREFUSED');
  });

  it('that forgets the tenant while its settings change is believed', async () => {
    const store = await storeOf((response, request) =>
      request.method === 'PATCH' ? response.end('{}') : nobody(response),
    );

    await expect(store.updateConfig('acme', { a: 1 })).rejects.toThrow('There is no tenant "acme".');
  });
});

describe('a change that the service refuses', () => {
  const refusing = (body: string) => storeOf((response) => response.writeHead(400).end(body));

  it('is refused with what it has against it', async () => {
    const errors = [{ key: 'email.from', message: 'Not an address.' }];
    const store = await refusing(JSON.stringify({ code: 'VALIDATION_FAILED', errors }));

    await expect(store.updateConfig('acme', { 'email.from': 7 })).rejects.toEqual(new TenantConfigInvalidError(errors));
  });

  it.each(['', '{}', '{"errors":[]}', '{"errors":"x"}', '{"errors":[null]}', 'null'])(
    'without a word is a service that cannot be used: "%s"',
    async (body) => {
      await expect((await refusing(body)).updateConfig('acme', { a: 1 })).rejects.toThrow(
        TenantServiceUnavailableError,
      );
    },
  );
});

describe('a change for one version of the settings', () => {
  it.each([
    ['409 with its code', 409, '{"code":"TENANT_CONFIG_CONFLICT"}', TenantConfigConflictError],
    ['412', 412, '', TenantConfigConflictError],
    ['409 of another kind', 409, '{"code":"TENANT_NOT_READY"}', TenantServiceUnavailableError],
    ['409 without a word', 409, '', TenantServiceUnavailableError],
  ])('is refused by %s', async (_what, status, body, kind) => {
    const asked: unknown[] = [];
    const store = await storeOf((response, request) => {
      asked.push(request.headers['if-match']);
      response.writeHead(status).end(body);
    });

    await expect(store.updateConfig('acme', { a: 1 }, { ifVersion: 'v1' })).rejects.toThrow(kind);
    expect(asked).toEqual(['"v1"']);
  });

  it('is not believed to a service that does not compare', async () => {
    const store = await storeOf((response) => response.end(acme));

    await expect(store.updateConfig('acme', { a: 1 }, { ifVersion: 'v1' })).rejects.toThrow('does not compare');
    expect((await store.updateConfig('acme', { a: 1 }, { basedOn: 'v1' })).id).toBe('acme');
  });
});

describe('an error', () => {
  it('never carries the token', async () => {
    const store = await storeOf((response) => response.destroy(), { token: 's3cret' });

    const failure = (await store.findById('acme').catch((error: unknown) => error)) as Error;

    const { inspect } = await import('node:util');
    expect(inspect(failure, { depth: 10 })).not.toContain('s3cret');
  });
});

describe('the options', () => {
  it.each([
    '',
    'tenants:3001',
    'ftp://tenants',
    'http://u:s3cret@tenants',
    'http://tenants?token=s3cret',
    'http://t#x',
  ])('name the service and no more: "%s" is refused, and not repeated', (baseUrl) => {
    const make = () => new HttpTenantStore({ baseUrl });

    expect(make).toThrow(TenancyOptionsError);
    expect(make).not.toThrow('s3cret');
  });

  it('have a token that a header can carry, and do not repeat another', () => {
    const make = () => new HttpTenantStore({ baseUrl: 'http://tenants', token: 's3cret\r\nX-Admin: 1' });

    expect(make).toThrow(TenancyOptionsError);
    expect(make).not.toThrow('s3cret');
  });
});
