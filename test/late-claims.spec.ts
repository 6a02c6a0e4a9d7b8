import { setTimeout as later } from 'node:timers/promises';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { ApolloDriver } from '@nestjs/apollo';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Controller, Get, Injectable, Module, UseGuards } from '@nestjs/common';
import { GraphQLModule, Query, Resolver } from '@nestjs/graphql';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { MercuriusDriver } from '@nestjs/mercurius';
import {
  BypassTenancy,
  ClaimTenantResolver,
  HeaderTenantResolver,
  InMemoryTenantStore,
  QueryTenantResolver,
  ResolveTenantBy,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

type Headers = Record<string, string>;
interface Request {
  readonly headers: Headers;
  user?: unknown;
}

/** Tokens that a real authentication would verify. */
const principals: Readonly<Record<string, unknown>> = {
  acme: { tenant: 'acme' },
  dormant: { tenant: 'dormant' },
  stranger: { name: 'no tenant' },
  platform: { tenant: 'acme', role: 'platform' },
};

@Injectable()
class AuthenticationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const isQuery = context.getType<string>() === 'graphql';
    const request = isQuery
      ? context.getArgByIndex<{ req: Request }>(2).req
      : context.switchToHttp().getRequest<Request>();
    request.user = principals[request.headers.authorization ?? ''];
    return true;
  }
}

/** Of an application that leaves the tenant for a part of its work. */
@Injectable()
class ClearingGuard implements CanActivate {
  constructor(private readonly context: TenantContext) {}

  canActivate(): boolean {
    this.context.clear();
    return true;
  }
}

@Controller()
@UseGuards(AuthenticationGuard)
class WhoController {
  constructor(private readonly context: TenantContext) {}

  @Get('who')
  who(): unknown {
    return { id: this.context.tenantId ?? null };
  }

  @Get('by-query')
  @ResolveTenantBy(new QueryTenantResolver('t'), { instead: true })
  byQuery(): unknown {
    return this.who();
  }

  @Get('open')
  @BypassTenancy()
  open(): unknown {
    return this.who();
  }

  @Get('excluded/who')
  excluded(): unknown {
    return this.who();
  }

  @Get('cleared')
  @UseGuards(ClearingGuard)
  cleared(): unknown {
    return this.who();
  }
}

@Resolver()
@UseGuards(AuthenticationGuard)
class WhoResolver {
  constructor(private readonly context: TenantContext) {}

  @Query(() => String)
  async mine(): Promise<string> {
    return String(this.context.tenantId);
  }

  @BypassTenancy()
  @Query(() => String)
  async nobodys(): Promise<string> {
    await later(20);
    return String(this.context.tenantId);
  }
}

const graphql = {
  Express: GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
  Fastify: GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true }),
};

describe.each(adapters)('where no tenant is required and a guard authenticates, on %s', (adapter) => {
  @Module({
    imports: [
      TenancyModule.forRoot({
        store: new InMemoryTenantStore([
          { id: 'acme', schema: 't_acme' },
          { id: 'globex', schema: 't_globex' },
          { id: 'dormant', schema: 't_dormant', status: 'suspended' },
        ]),
        resolvers: [
          new HeaderTenantResolver(),
          new ClaimTenantResolver('tenant', { mayActForAny: ({ role }) => role === 'platform' }),
        ],
        required: false,
        exclude: ['/excluded/*'],
      }),
      graphql[adapter],
    ],
    controllers: [WhoController],
    providers: [WhoResolver],
  })
  class AppModule {}

  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(AppModule, adapter);
  });
  afterAll(() => running.app.close());

  const get = async (path: string, headers: Headers = {}) => {
    const { status, body } = await running.call('GET', path, { headers });
    return [status, body.id === undefined ? body.code : body.id];
  };

  it('a caller who gives no hint is of the tenant of his claim', async () => {
    expect(await get('/who', { authorization: 'acme' })).toEqual([200, 'acme']);
    expect(await get('/who', { authorization: 'platform' })).toEqual([200, 'acme']);
    expect(await get('/by-query', { authorization: 'acme' })).toEqual([200, 'acme']);
  });

  it('a caller whose tenant may not be used is refused', async () => {
    expect(await get('/who', { authorization: 'dormant' })).toEqual([404, 'TENANT_NOT_FOUND']);
  });

  it('a request that has run as one tenant becomes no other', async () => {
    expect(await get('/by-query', { authorization: 'acme', 'x-tenant-id': 'globex' })).toEqual([
      400,
      'TENANT_CONFLICT',
    ]);
  });

  it.each([
    ['has no claim', '/who', { authorization: 'stranger' }],
    ['is not authenticated', '/who', {}],
    ['asks a route that belongs to nobody', '/open', { authorization: 'acme' }],
    ['asks a path that is excluded', '/excluded/who', { authorization: 'acme' }],
    ['is left without one by the application', '/cleared', { authorization: 'acme' }],
  ])('a caller has none where he %s', async (_what, path, headers) => {
    expect(await get(path, headers as Headers)).toEqual([200, null]);
  });

  it('a field of GraphQL has his tenant, and one that belongs to nobody beside it none', async () => {
    const query = '{ nobodys mine }';
    const { body } = await running.call('POST', '/graphql', { body: { query }, headers: { authorization: 'acme' } });

    expect(body.data).toEqual({ nobodys: 'undefined', mine: 'acme' });
  });
});
