import type { INestApplication, MiddlewareConsumer, NestModule, Type } from '@nestjs/common';
import { Controller, Get, Header, Module } from '@nestjs/common';
import type { TenancyModuleOptions } from 'nestjs-tenancy';
import {
  BypassTenancy,
  ClaimTenantResolver,
  CurrentTenant,
  headerOf,
  HeaderTenantResolver,
  InMemoryTenantStore,
  QueryTenantResolver,
  ResolveTenantBy,
  SubdomainTenantResolver,
  TenancyModule,
} from 'nestjs-tenancy';
import { afterEach, describe, expect, it } from 'vitest';
import type { Adapter, Answer, RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

@Controller()
class PricesController {
  /** What a cache on the way may keep, and hand to others. */
  @Get('prices')
  @Header('Cache-Control', 'public, max-age=60')
  prices(@CurrentTenant('id') of: string): unknown {
    return { of };
  }

  @Get('hook')
  @ResolveTenantBy(new HeaderTenantResolver('X-Hook-Of'))
  hook(@CurrentTenant('id') of: string): unknown {
    return { of };
  }

  @Get('page')
  @ResolveTenantBy(new QueryTenantResolver('of'), { instead: true })
  page(@CurrentTenant('id') of: string): unknown {
    return { of };
  }

  @Get('about')
  @BypassTenancy()
  about(): unknown {
    return {};
  }
}

const store = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
]);

function application(options: Partial<TenancyModuleOptions> = {}): Type {
  @Module({ imports: [TenancyModule.forRoot({ store, ...options })], controllers: [PricesController] })
  class AppModule {}
  return AppModule;
}

let running: RunningApp | undefined;
afterEach(() => running?.app.close());

async function answers(
  adapter: Adapter,
  module: Type,
  requests: ReadonlyArray<readonly [path: string, headers?: Record<string, string>]>,
  configure?: (app: INestApplication) => void,
): Promise<Answer[]> {
  running = await startApp(module, adapter, configure);
  const all: Answer[] = [];
  for (const [path, headers] of requests) all.push(await running.call('GET', path, headers && { headers }));
  return all;
}

const namedBy = ({ headers }: Answer) => (headers.get('vary') ?? '').toLowerCase().split(/, ?/).filter(Boolean).sort();

describe.each(adapters)('an answer on %s', (adapter) => {
  it('depends on the header that names the tenant, whatever it says', async () => {
    const all = await answers(adapter, application(), [
      ['/prices', { 'x-tenant-id': 'acme' }],
      ['/prices', { 'x-tenant-id': 'dormant' }],
      ['/prices', { 'x-tenant-id': 'No Id' }],
      ['/prices'],
      ['/about'],
      ['/nowhere', { 'x-tenant-id': 'acme' }],
    ]);

    expect(all.map(({ status }) => status)).toEqual([200, 404, 400, 400, 200, 404]);
    expect(all.map(namedBy)).toEqual(all.map(() => ['x-tenant-id']));
  });

  it('depends on what else it depends on too', async () => {
    const requests = [['/prices', { 'x-tenant-id': 'acme', origin: 'https://acme.example' }]] as const;
    const [answer] = await answers(adapter, application(), requests, (app) =>
      app.enableCors({ origin: ['https://acme.example', 'https://globex.example'] }),
    );

    expect(namedBy(answer)).toEqual(['origin', 'x-tenant-id']);
  });

  it('depends on the header of its route', async () => {
    const all = await answers(adapter, application(), [
      ['/hook', { 'x-hook-of': 'acme' }],
      ['/hook', { 'x-hook-of': 'dormant' }],
    ]);

    expect(all.map(({ status }) => status)).toEqual([200, 404]);
    expect(all.map(namedBy)).toEqual(all.map(() => ['x-hook-of', 'x-tenant-id']));
  });

  it('depends on a header that only a proxy may send', async () => {
    const gateway = new HeaderTenantResolver('X-Gateway-Tenant');
    const module = application({ resolvers: [], trustedHints: { proxies: ['127.0.0.1'], resolvers: [gateway] } });
    const [answer] = await answers(adapter, module, [['/prices', { 'x-gateway-tenant': 'acme' }]]);

    expect([answer.status, namedBy(answer)]).toEqual([200, ['x-gateway-tenant']]);
  });

  it('depends on it where the module takes its place among the middleware of others', async () => {
    @Module({ imports: [application()] })
    class OuterModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply((_request: unknown, _response: unknown, next: () => void) => next()).forRoutes('{*splat}');
      }
    }
    const [answer] = await answers(adapter, OuterModule, [['/prices', { 'x-tenant-id': 'acme' }]]);

    expect([answer.status, namedBy(answer)]).toEqual([200, ['x-tenant-id']]);
  });

  it('depends on both where the module is among the middleware of others', async () => {
    @Module({ imports: [application()] })
    class OuterModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply((_request: unknown, _response: unknown, next: () => void) => next()).forRoutes('{*splat}');
      }
    }
    const requests = [['/prices', { 'x-tenant-id': 'acme', origin: 'https://acme.example' }]] as const;
    const [answer] = await answers(adapter, OuterModule, requests, (app) =>
      app.enableCors({ origin: ['https://acme.example', 'https://globex.example'] }),
    );

    expect([answer.status, namedBy(answer)]).toEqual([200, ['origin', 'x-tenant-id']]);
  });

  it('depends on the host that a proxy names', async () => {
    const module = application({
      resolvers: [new SubdomainTenantResolver('example.com')],
      trustedHints: { proxies: ['127.0.0.1'], forwardedHost: true },
    });
    const [answer] = await answers(adapter, module, [['/prices', { 'x-forwarded-host': 'acme.example.com' }]]);

    expect([answer.status, namedBy(answer)]).toEqual([200, ['x-forwarded-host']]);
  });

  it('depends on the header of a claim that says which', async () => {
    class ApiKeyResolver extends ClaimTenantResolver {
      readonly header = 'X-Api-Key';
      constructor() {
        super('tenant', { principal: (request) => ({ tenant: headerOf(request, 'X-Api-Key')?.split('.')[0] }) });
      }
    }
    const module = application({ resolvers: [new ApiKeyResolver()] });
    const [answer] = await answers(adapter, module, [['/prices', { 'x-api-key': 'acme.key' }]]);

    expect([answer.status, namedBy(answer)]).toEqual([200, ['x-api-key']]);
  });

  it('depends on no header where none names the tenant', async () => {
    const module = application({ resolvers: [new SubdomainTenantResolver('example.com'), new QueryTenantResolver()] });
    const [answer] = await answers(adapter, module, [['/page?of=acme']]);

    expect([answer.status, answer.headers.get('vary')]).toEqual([200, null]);
  });
});
