import { randomBytes } from 'node:crypto';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Catch, Controller, Get, HttpException, Logger, Module, Res } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, HttpAdapterHost } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Tenant, TenantRequest, TenantResolver } from 'nestjs-tenancy';
import {
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  PathTenantResolver,
  QueryTenantResolver,
  SubdomainTenantResolver,
  TenancyModule,
  TenantContext,
  TenantContextMissingError,
  TenantForbiddenError,
  TenantQuotaExceededError,
} from 'nestjs-tenancy';
import { TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import { sendLines } from './support/send.js';
import type { Answer, RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

const tenants = [
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
] as const;

class BrokenStore extends InMemoryTenantStore {
  override async findById(id: string): Promise<Tenant | undefined> {
    if (id === 'unreachable') throw new Error('connect ECONNREFUSED 10.0.0.7:3001');
    return super.findById(id);
  }
}

class FailingResolver implements TenantResolver {
  resolve(request: TenantRequest): undefined {
    if (request.headers['x-break']) throw new Error('secret of the resolver');
  }
}

@Controller()
class AppController {
  constructor(private readonly context: TenantContext) {}

  @Get('who')
  who(): unknown {
    return { id: this.context.tenantId ?? null };
  }

  @Get('tenants/:tenantId/who')
  whoByPath(): unknown {
    return this.who();
  }

  @Get('forbidden')
  forbidden(@CurrentTenant('id') id: string): never {
    throw new TenantForbiddenError(id, 'not in the contract of customer 4711');
  }

  @Get('busy')
  busy(@CurrentTenant('id') id: string): never {
    throw new TenantQuotaExceededError(id, 'connections', 5, 3);
  }

  @Get('unbound')
  unbound(): never {
    throw new TenantContextMissingError();
  }

  @Get('begun')
  begun(@Res() response: { raw?: ServerResponse } & ServerResponse): never {
    const raw = response.raw ?? response;
    raw.write('begun');
    throw new TenantForbiddenError('acme');
  }
}

@Controller()
class RootController {
  @Get()
  root(@CurrentTenant('id') id: string): unknown {
    return { id };
  }
}

const resolvers = [
  new HeaderTenantResolver(),
  new QueryTenantResolver(),
  new PathTenantResolver(),
  new SubdomainTenantResolver('example.com'),
  new FailingResolver(),
];

@Module({
  imports: [TenancyModule.forRoot({ store: new BrokenStore(tenants), resolvers })],
  controllers: [AppController, RootController],
})
class AppModule {}

describe.each(adapters)('on %s', (adapter) => {
  let running: RunningApp;
  const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
    running.call('GET', path, { headers });

  beforeAll(async () => {
    running = await startApp(AppModule, adapter);
  });
  afterAll(() => running.app.close());
  afterEach(() => {
    vi.restoreAllMocks();
  });

  describe('a request that names one tenant', () => {
    it.each([
      ['header', '/who', { 'x-tenant-id': 'acme' }],
      ['header of any case', '/who', { 'X-TENANT-Id': 'acme' }],
      ['query', '/who?tenant_id=acme', {}],
      ['path', '/tenants/acme/who', {}],
      ['escaped path', '/tenants/%61cme/who', {}],
      ['all of them', '/tenants/acme/who?tenant_id=acme', { 'x-tenant-id': 'acme' }],
    ])('is served as that tenant: %s', async (_source, path, headers) => {
      const { status, body } = await get(path, headers);

      expect([status, body]).toEqual([200, { id: 'acme' }]);
    });

    // Fastify's router takes a path only as it is written.
    it.each(adapter === 'Fastify' ? [] : ['/TENANTS/acme/who', '/tenants/acme/who/?x=1', '/Tenants/acme/WHO'])(
      'is served as that tenant wherever the router takes it: %s',
      async (path) => {
        expect((await get(path)).body).toEqual({ id: 'acme' });
      },
    );

    it('is served as that tenant: subdomain', async () => {
      const { status, text } = await sendLines(running.url, ['GET /who HTTP/1.1', 'Host: acme.example.com']);

      expect([status, text.includes('"acme"')]).toEqual([200, true]);
    });

    it('is served at the root of the application', async () => {
      expect((await get('/', { 'x-tenant-id': 'acme' })).body).toEqual({ id: 'acme' });
    });
  });

  describe('a request that names no tenant', () => {
    it('is refused with the places where it may name one', async () => {
      const { status, headers, body } = await get('/who');

      expect(status).toBe(400);
      expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(body).toEqual({
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        code: 'TENANT_REQUIRED',
        detail:
          'The request names no tenant. It may be named by: header X-Tenant-ID, query parameter tenant_id, ' +
          'path /tenants/:tenantId, subdomain of example.com, FailingResolver.',
      });
    });

    it('is refused at the root too', async () => {
      expect((await get('/')).body.code).toBe('TENANT_REQUIRED');
    });

    it('finds no route where there is none: a plain 404', async () => {
      const { status, body } = await get('/nowhere');

      expect(status).toBe(404);
      expect(body).toMatchObject({ message: 'Cannot GET /nowhere', statusCode: 404 });
    });
  });

  describe('a request that names two tenants', () => {
    it.each([
      ['header and query', '/who?tenant_id=globex', { 'x-tenant-id': 'acme' }],
      ['header and path', '/tenants/globex/who', { 'x-tenant-id': 'acme' }],
      ['query and path', '/tenants/globex/who?tenant_id=acme', {}],
    ])('is refused: %s', async (_sources, path, headers) => {
      const { status, body } = await get(path, headers);

      expect([status, body.code]).toEqual([400, 'TENANT_CONFLICT']);
      expect(body.detail).toContain('All that is given must agree.');
    });

    it('is refused where the request line names the host too', async () => {
      const lines = [`GET http://localhost/tenants/globex/who HTTP/1.1`, 'X-Tenant-ID: acme'];

      expect((await sendLines(running.url, lines)).status).toBe(400);
    });

    it('is refused where the same header comes twice', async () => {
      const lines = ['GET /who HTTP/1.1', 'X-Tenant-ID: acme', 'x-tenant-id: globex'];

      const { status, text } = await sendLines(running.url, lines);

      expect([status, text.includes('TENANT_ID_INVALID')]).toEqual([400, true]);
    });

    it('is refused where the host comes twice', async () => {
      const lines = ['GET /who HTTP/1.1', 'Host: acme.example.com', 'Host: globex.example.com'];

      expect((await sendLines(running.url, lines)).status).toBe(400);
    });
  });

  describe('a request that names no tenant’s id', () => {
    it.each([
      ['/who', { 'x-tenant-id': 'Acme' }],
      ['/who', { 'x-tenant-id': 'acme, globex' }],
      ['/who', { 'x-tenant-id': '../admin' }],
      ['/who', { 'x-tenant-id': '' }],
      ['/who', { 'x-tenant-id': 'a'.repeat(64) }],
      ['/who?tenant_id=acme&tenant_id=acme', {}],
      ['/who?tenant_id[]=acme', {}],
      ['/who?tenant_id[0]=acme', {}],
      ['/who?tenant_id=', {}],
      ['/tenants/acme%2Fx/who', {}],
      ['/tenants/%00/who', {}],
    ])('is refused before anybody is asked: %s %o', async (path, headers) => {
      const { status, body } = await get(path, headers);

      expect([status, body.code]).toEqual([400, 'TENANT_ID_INVALID']);
      expect(body.detail).toContain('is not a tenant id');
    });
  });

  describe('a tenant that is unknown, suspended or forbidden', () => {
    it('looks the same to whoever asks, to the last header', async () => {
      const answers = [
        await get('/who', { 'x-tenant-id': 'nobody' }),
        await get('/who', { 'x-tenant-id': 'dormant' }),
        await get('/forbidden', { 'x-tenant-id': 'acme' }),
      ];

      const looks = answers.map(({ status, text, headers }) => {
        return { status, text, headers: [...headers].filter(([name]) => name !== 'date') };
      });
      expect(looks[1]).toEqual(looks[0]);
      expect(looks[2]).toEqual(looks[0]);
      expect(answers[0]).toMatchObject({
        status: 404,
        body: {
          type: 'about:blank',
          title: 'Not Found',
          status: 404,
          code: 'TENANT_NOT_FOUND',
          detail: 'There is no such tenant, or you may not use it.',
        },
      });
    });
  });

  describe('a tenant that uses all it may', () => {
    it('is told when to come again', async () => {
      const { status, headers, body } = await get('/busy', { 'x-tenant-id': 'acme' });

      expect([status, headers.get('retry-after'), body.code]).toEqual([429, '3', 'TENANT_QUOTA_EXCEEDED']);
      expect(body).not.toHaveProperty('retryAfter');
    });
  });

  describe('a store that does not answer', () => {
    it('is a 503 that says nothing of the store, and a line in the log that does', async () => {
      const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();

      const { status, headers, text } = await get('/who', { 'x-tenant-id': 'unreachable' });

      expect([status, headers.get('retry-after')]).toEqual([503, '1']);
      expect(text).toContain('TENANT_SERVICE_UNAVAILABLE');
      expect(text).not.toMatch(/ECONNREFUSED|10\.0\.0\.7/);
      expect(logged.mock.calls.flat().join()).toContain('ECONNREFUSED 10.0.0.7:3001');
    });
  });

  describe('a fault of the application', () => {
    it('in a resolver is a plain 500', async () => {
      const { status, text } = await get('/who', { 'x-tenant-id': 'acme', 'x-break': '1' });

      expect(status).toBe(500);
      expect(text).not.toContain('secret of the resolver');
    });

    it('that asks for a tenant outside every scope is a 500, and the advice goes to the log', async () => {
      const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();

      const { status, body } = await get('/unbound', { 'x-tenant-id': 'acme' });

      expect([status, body.code]).toEqual([500, 'INTERNAL_ERROR']);
      expect(body.detail).not.toContain('TenantContext');
      expect(logged.mock.calls.flat().join()).toContain('TenantContext.run()');
    });

    it('in an answer that has begun ends it, and makes no other', async () => {
      const logged = vi.spyOn(Logger.prototype, 'error').mockReturnValue();

      expect((await get('/begun', { 'x-tenant-id': 'acme' })).text).toBe('begun');
      expect(logged).not.toHaveBeenCalled();
    });
  });
});

describe.each(adapters)('an application with a filter that catches all, on %s', (adapter) => {
  const caught: unknown[] = [];

  @Catch()
  class CatchAll implements ExceptionFilter {
    constructor(private readonly adapterHost: HttpAdapterHost) {}

    catch(error: unknown, host: ArgumentsHost): void {
      caught.push(error);
      const status = error instanceof HttpException ? error.getStatus() : 500;
      this.adapterHost.httpAdapter.reply(host.switchToHttp().getResponse(), { caught: true }, status);
    }
  }

  @Controller()
  class ThrowingController {
    @Get('own')
    own(): never {
      throw new Error(randomBytes(2).toString('hex'));
    }
  }

  const imports = [TenancyModule.forRoot({ store: new InMemoryTenantStore(tenants) })];
  const providers = [{ provide: APP_FILTER, useClass: CatchAll }];

  @Module({ imports, providers, controllers: [ThrowingController] })
  class CatchAllModule {}

  it('answers its own errors, and leaves ours to us', async () => {
    const running = await startApp(CatchAllModule, adapter);

    expect((await running.call('GET', '/own', { headers: { 'x-tenant-id': 'acme' } })).body).toEqual({ caught: true });
    const refused = await running.call('GET', '/own');
    expect([refused.status, refused.body]).toEqual([400, expect.objectContaining({ code: 'TENANT_REQUIRED' })]);
    await running.app.close();
  });
});

describe.each(adapters)('an application that limits requests, on %s', (adapter) => {
  const plans = { default: { limit: 100, ttl: 60_000 } };
  const resolvers = [new HeaderTenantResolver()];
  const tenancy = TenancyModule.forRoot({ store: new InMemoryTenantStore(tenants), resolvers });

  @Module({ imports: [tenancy, TenantThrottlerModule.forRoot({ plans })], controllers: [AppController] })
  class ByTenantModule {}

  @Module({
    imports: [tenancy, ThrottlerModule.forRoot([{ limit: 100, ttl: 60_000 }]) as never],
    providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
    controllers: [AppController],
  })
  class ByAddressModule {}

  it.each([
    ['TenantThrottlerModule', ByTenantModule, 'ratelimit'],
    ['Nest’s own ThrottlerGuard', ByAddressModule, 'x-ratelimit-limit'],
  ])('does not tell an unknown tenant from a forbidden one by what is left: %s', async (_whose, module, field) => {
    const running = await startApp(module, adapter);
    const ask = (path: string, id: string) => running.call('GET', path, { headers: { 'x-tenant-id': id } });
    expect((await ask('/who', 'acme')).headers.has(field)).toBe(true);

    const looks = [await ask('/who', 'nobody'), await ask('/who', 'dormant'), await ask('/forbidden', 'acme')].map(
      ({ status, text, headers }) => ({ status, text, headers: [...headers].filter(([name]) => name !== 'date') }),
    );
    expect(looks[0].status).toBe(404);
    expect(looks.slice(1)).toEqual([looks[0], looks[0]]);
    await running.app.close();
  });
});
