import type { INestApplication, MiddlewareConsumer, NestModule, Type } from '@nestjs/common';
import { Controller, Get, Global, Injectable, Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { afterEach, describe, expect, it } from 'vitest';
import {
  ClaimTenantResolver,
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  TenancyModule,
  TenantContext,
  TenantMiddleware,
} from 'nestjs-tenancy';
import { TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import type { Adapter, RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

@Controller()
class WhoController {
  @Get('who')
  who(@CurrentTenant('id') id: string): unknown {
    return { id };
  }
}

type Next = () => void;
interface Request {
  readonly headers: Record<string, string>;
  user?: unknown;
}

/** As if it had verified a token. */
function authenticate(request: Request): void {
  if (request.headers.authorization) request.user = { tenant: request.headers.authorization };
}

const authenticateFirst = (request: Request, _response: unknown, next: Next): void => {
  authenticate(request);
  next();
};

function tenancy(): ReturnType<typeof TenancyModule.forRoot> {
  return TenancyModule.forRoot({
    store: new InMemoryTenantStore([
      { id: 'acme', schema: 't_acme' },
      { id: 'globex', schema: 't_globex' },
    ]),
    resolvers: [new HeaderTenantResolver(), new ClaimTenantResolver('tenant')],
  });
}

let running: RunningApp | undefined;
afterEach(() => running?.app.close());

async function answers(
  module: Type,
  adapter: Adapter,
  configure?: (app: INestApplication) => void,
): Promise<Array<[number, unknown]>> {
  running = await startApp(module, adapter, configure);
  const calls = [
    { authorization: 'acme' },
    { authorization: 'acme', 'x-tenant-id': 'globex' },
    { 'x-tenant-id': 'globex' },
    {},
  ];
  const all: Array<[number, unknown]> = [];
  for (const headers of calls) {
    const { status, body } = await running.call('GET', '/who', { headers: headers as Record<string, string> });
    all.push([status, body.id ?? body.code]);
  }
  return all;
}

/** What an authentication that ran before tenancy comes to. */
const AUTHENTICATED = [
  [200, 'acme'],
  [403, 'TENANT_FORBIDDEN'],
  [200, 'globex'],
  [400, 'TENANT_REQUIRED'],
];

@Module({ imports: [tenancy()], controllers: [WhoController] })
class PlainModule {}

describe.each(adapters)('an authentication on %s', (adapter) => {
  it('is seen where main.ts mounts it', async () => {
    expect(await answers(PlainModule, adapter, (app) => app.use(authenticateFirst))).toEqual(AUTHENTICATED);
  });

  it('is seen where a global module before tenancy has it as its middleware', async () => {
    @Global()
    @Module({})
    class AuthenticationModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply(authenticateFirst).forRoutes('{*splat}');
      }
    }

    @Module({ imports: [AuthenticationModule, tenancy()], controllers: [WhoController] })
    class AppModule {}

    expect(await answers(AppModule, adapter)).toEqual(AUTHENTICATED);
  });
});

describe('an authentication on Fastify', () => {
  it.each([
    ['on its own request', (request: Request) => authenticate(request)],
    ['on Node’s', (request: Request) => authenticate((request as unknown as { raw: Request }).raw)],
  ])('is seen where a hook leaves the caller %s', async (_where, leave) => {
    const hooked = await answers(PlainModule, 'Fastify', (app) => {
      const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
      fastify.addHook('onRequest', (request, _reply, done) => {
        leave(request as unknown as Request);
        done();
      });
    });

    expect(hooked).toEqual(AUTHENTICATED);
  });

  it('is seen where requests are limited too', async () => {
    const limits = TenantThrottlerModule.forRoot({ plans: { default: { limit: 100, ttl: 60_000 } } });
    @Module({ imports: [tenancy(), limits], controllers: [WhoController] })
    class LimitedModule {}

    const hooked = await answers(LimitedModule, 'Fastify', (app) => {
      const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
      fastify.addHook('onRequest', (request, _reply, done) => {
        authenticate(request as unknown as Request);
        done();
      });
    });

    expect(hooked).toEqual(AUTHENTICATED);
  });

  it('that leaves null where nobody is, as a decorated request does, is nobody’s', async () => {
    const hooked = await answers(PlainModule, 'Fastify', (app) => {
      const fastify = (app as NestFastifyApplication).getHttpAdapter().getInstance();
      fastify.decorateRequest('user', null);
    });

    expect(hooked[2]).toEqual([200, 'globex']);
  });
});

describe.each(adapters)('a middleware of a module on %s', (adapter) => {
  const seen: string[] = [];

  @Injectable()
  class SeeingMiddleware {
    constructor(private readonly tenants: TenantContext) {}

    use(_request: unknown, _response: unknown, next: Next): void {
      seen.push(`${this.tenants.tenantId}`);
      next();
    }
  }

  @Module({ imports: [tenancy()], controllers: [WhoController] })
  class AppModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(SeeingMiddleware).forRoutes('{*splat}');
    }
  }

  it('comes after tenancy and sees its tenant', async () => {
    seen.length = 0;
    running = await startApp(AppModule, adapter);
    await running.call('GET', '/who', { headers: { 'x-tenant-id': 'globex' } });

    expect(seen).toEqual(['globex']);
  });
});

describe.each(adapters)('a request that comes by tenancy twice, on %s', (adapter) => {
  let lookUps = 0;
  class FickleResolver extends HeaderTenantResolver {
    override resolve(): string {
      lookUps += 1;
      return lookUps % 2 ? 'acme' : 'globex';
    }
  }

  const fickle = TenancyModule.forRoot({
    store: new InMemoryTenantStore([
      { id: 'acme', schema: 't_acme' },
      { id: 'globex', schema: 't_globex' },
    ]),
    resolvers: [new FickleResolver()],
  });

  @Module({ imports: [fickle], controllers: [WhoController] })
  class TwiceModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer.apply(TenantMiddleware).forRoutes('{*splat}');
    }
  }

  it('keeps the tenant of the first time', async () => {
    lookUps = 0;
    running = await startApp(TwiceModule, adapter);

    const { body } = await running.call('GET', '/who');

    expect([body.id, lookUps]).toEqual(['acme', 1]);
  });
});

describe.each(adapters)('what Nest does not route, on %s', (adapter) => {
  it('is answered as without tenancy', async () => {
    running = await startApp(PlainModule, adapter);

    for (const id of ['', 'acme', 'nobody']) {
      expect((await running.call('GET', '/nowhere', { headers: { 'x-tenant-id': id } })).status).toBe(404);
    }
  });
});
