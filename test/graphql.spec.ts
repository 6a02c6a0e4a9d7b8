import { setTimeout as later } from 'node:timers/promises';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { ApolloDriver } from '@nestjs/apollo';
import type { CanActivate, ExceptionFilter, ExecutionContext, MiddlewareConsumer, NestModule } from '@nestjs/common';
import { Catch, Injectable, Module, UseFilters, UseGuards } from '@nestjs/common';
import { Args, Field, GraphQLModule, Int, ObjectType, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { MercuriusDriver } from '@nestjs/mercurius';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  BypassTenancy,
  ClaimTenantResolver,
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';

/** What each part of a query saw. */
const seen: string[] = [];

@ObjectType()
class Note {
  @Field(() => Int)
  n: number;
}

@Injectable()
class AuthenticationGuard implements CanActivate {
  constructor(private readonly tenants: TenantContext) {}

  canActivate(context: ExecutionContext): boolean {
    seen.push(`guard: ${this.tenants.tenantId}`);
    const { req } = context.getArgByIndex<{ req: { headers: Record<string, string>; user?: unknown } }>(2);
    const claim = req.headers.authorization;
    if (claim) req.user = { tenant: claim };
    return true;
  }
}

@Catch(RangeError)
class RangeFilter implements ExceptionFilter {
  constructor(private readonly tenants: TenantContext) {}

  async catch(error: RangeError): Promise<Error> {
    seen.push(`filter: ${this.tenants.tenantId}`);
    await later(1);
    return new Error(`${error.message}, for ${this.tenants.tenantId}`);
  }
}

@Resolver(() => Note)
@UseGuards(AuthenticationGuard)
class NotesResolver {
  constructor(private readonly tenants: TenantContext) {}

  @Query(() => String)
  async who(@CurrentTenant('id') id: string): Promise<string> {
    seen.push(`handler: ${id}`);
    await later(1);
    return `${id} ${this.tenants.tenantId}`;
  }

  @Query(() => String)
  @UseFilters(RangeFilter)
  async failing(): Promise<string> {
    await later(1);
    throw new RangeError('Too many');
  }

  @Query(() => [Note])
  async notes(@Args('count', { type: () => Int }) count: number): Promise<Note[]> {
    seen.push(`handler: ${this.tenants.tenantId}`);
    await later(1);
    return Array.from({ length: count }, (_, n) => ({ n }));
  }

  @ResolveField(() => String)
  async text(@Parent() { n }: Note): Promise<string> {
    await later(n % 3);
    return `${n} of ${this.tenants.tenantId}`;
  }

  @BypassTenancy()
  @Query(() => String)
  async health(): Promise<string> {
    await later(1);
    return `${this.tenants.tenantId}`;
  }
}

const modules = {
  Express: GraphQLModule.forRoot<ApolloDriverConfig>({ driver: ApolloDriver, autoSchemaFile: true }),
  Fastify: GraphQLModule.forRoot<MercuriusDriverConfig>({ driver: MercuriusDriver, autoSchemaFile: true }),
};

const grounds = [
  ['Apollo', 'Express'],
  ['Mercurius', 'Fastify'],
] as const;

describe.each(grounds)('a query to %s, on %s', (_driver, adapter) => {
  @Module({
    imports: [
      TenancyModule.forRoot({
        store: new InMemoryTenantStore([
          { id: 'acme', schema: 't_acme' },
          { id: 'globex', schema: 't_globex' },
        ]),
        resolvers: [new HeaderTenantResolver(), new ClaimTenantResolver('tenant')],
      }),
      modules[adapter],
    ],
    providers: [NotesResolver],
  })
  class AppModule {}

  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(AppModule, adapter);
  });
  afterEach(() => {
    seen.length = 0;
  });
  afterAll(() => running.app.close());

  const ask = async (query: string, headers: Record<string, string> = {}) =>
    (await running.call('POST', '/graphql', { body: { query }, headers })).body as {
      data: Record<string, unknown> | null;
      errors?: Array<{ message: string; path: string[]; extensions: { code: string } }>;
    };
  const acme = { 'x-tenant-id': 'acme' };

  it('has its tenant in guards, resolvers and fields', async () => {
    const { data } = await ask('{ who notes(count: 2) { text } }', acme);

    expect(data).toEqual({ who: 'acme acme', notes: [{ text: '0 of acme' }, { text: '1 of acme' }] });
    expect(new Set(seen)).toEqual(new Set(['guard: acme', 'handler: acme']));
  });

  it('has its tenant in the filter of a resolver that fails', async () => {
    const errors = await Promise.all(
      ['acme', 'globex'].map(async (id) => (await ask('{ failing }', { 'x-tenant-id': id })).errors!),
    );

    expect(errors.map(([{ message }]) => message)).toEqual(['Too many, for acme', 'Too many, for globex']);
    expect(seen.filter((one) => one.startsWith('filter'))).toEqual(['filter: acme', 'filter: globex']);
  });

  it('never sees the tenant of another one that is answered at the same time', async () => {
    const ids = Array.from({ length: 40 }, (_, n) => (n % 2 ? 'acme' : 'globex'));

    const answers = await Promise.all(ids.map((id) => ask('{ who notes(count: 5) { text } }', { 'x-tenant-id': id })));

    expect(answers.map(({ data }) => data)).toEqual(
      ids.map((id) => ({ who: `${id} ${id}`, notes: [0, 1, 2, 3, 4].map((n) => ({ text: `${n} of ${id}` })) })),
    );
  });

  it.each([
    [{}, 'TENANT_REQUIRED'],
    [{ 'x-tenant-id': 'nobody' }, 'TENANT_NOT_FOUND'],
    [{ 'x-tenant-id': '../acme' }, 'TENANT_ID_INVALID'],
  ])('is refused before its resolvers: %j', async (headers, code) => {
    const { data, errors } = await ask('{ who }', headers);

    expect(data).toBeNull();
    expect(errors!.map(({ extensions }) => extensions.code)).toEqual([code]);
    expect(seen).toEqual([]);
  });

  it('is told what to change, and not what is in the log', async () => {
    const { errors } = await ask('{ who }', { 'x-tenant-id': 'nobody' });

    expect(errors![0].message).toBe('There is no such tenant, or you may not use it.');
  });

  it('is held to the claim of a caller whom a guard authenticates', async () => {
    const { errors } = await ask('{ who }', { ...acme, authorization: 'globex' });

    expect(errors!.map(({ extensions }) => extensions.code)).toEqual(['TENANT_FORBIDDEN']);
    expect(seen).not.toContain('handler: acme');
  });

  it('needs none for a field that belongs to no tenant', async () => {
    expect((await ask('{ health }')).data).toEqual({ health: 'undefined' });
    expect((await ask('{ health }', { 'x-tenant-id': 'nobody' })).data).toEqual({ health: 'undefined' });
  });

  it.each(['{ health who }', '{ who health }'])('keeps the fields of a request apart: %s', async (query) => {
    expect((await ask(query, acme)).data).toEqual({ health: 'undefined', who: 'acme acme' });
    const { errors } = await ask(query);

    expect(errors!.map(({ path, extensions }) => [...path, extensions.code])).toEqual([['who', 'TENANT_REQUIRED']]);
    expect(seen).not.toContain('handler: undefined');
  });
});

describe.each(grounds)(
  'a query to %s beside a module with middleware, outside of the global prefix',
  (_driver, adapter) => {
    @Module({
      imports: [
        TenancyModule.forRoot({ store: new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]) }),
        modules[adapter],
      ],
      providers: [NotesResolver],
    })
    class AppModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer.apply((_request: unknown, _response: unknown, next: () => void) => next()).forRoutes('other');
      }
    }

    let running: RunningApp;
    beforeAll(async () => {
      running = await startApp(AppModule, adapter, (app) => app.setGlobalPrefix('api'));
    });
    afterAll(() => running.app.close());

    it('has its tenant, and is told what its answer depends on', async () => {
      const headers = { 'x-tenant-id': 'acme' };
      const answer = await running.call('POST', '/graphql', { body: { query: '{ who }' }, headers });

      expect(answer.body.data).toEqual({ who: 'acme acme' });
      expect(answer.headers.get('vary')!.toLowerCase()).toContain('x-tenant-id');
    });

    it('is refused without one', async () => {
      const { body } = await running.call('POST', '/graphql', { body: { query: '{ who }' } });

      expect(body.errors[0].extensions.code).toBe('TENANT_REQUIRED');
    });
  },
);

describe.each(grounds)('a query to %s from an address that is over its limit', (driver, adapter) => {
  @Module({
    imports: [
      TenancyModule.forRoot({ store: new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]) }),
      TenantThrottlerModule.forRoot({
        plans: { free: { limit: 100, ttl: 60_000 } },
        address: { limit: 1, ttl: 60_000 },
      }),
      modules[adapter],
    ],
    providers: [NotesResolver],
  })
  class AppModule {}

  it('is refused at the door, and told when to come again', async () => {
    const { app, call } = await startApp(AppModule, adapter);
    const ask = () => call('POST', '/graphql', { body: { query: '{ who }' }, headers: { 'x-tenant-id': 'nobody' } });
    await ask();

    const { status, headers, body } = await ask();
    await app.close();

    expect(status).toBe(429);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(driver === 'Apollo' ? body.code : body.errors[0].extensions.code).toBe('ADDRESS_LIMIT_EXCEEDED');
  });
});
