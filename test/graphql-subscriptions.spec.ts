import { once } from 'node:events';
import { setTimeout as later } from 'node:timers/promises';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { ApolloDriver } from '@nestjs/apollo';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable, Module, UseGuards } from '@nestjs/common';
import { GraphQLModule, Query, Resolver, Subscription } from '@nestjs/graphql';
import type { MercuriusDriverConfig } from '@nestjs/mercurius';
import { MercuriusDriver } from '@nestjs/mercurius';
import { WebSocket } from 'ws';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BypassTenancy,
  ClaimTenantResolver,
  HeaderTenantResolver,
  InMemoryTenantStore,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';

/** Authenticates by what the connection was opened with, and leaves the caller where the header says. */
@Injectable()
class AuthenticationGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    type Subscribing = { request?: { headers: Record<string, string>; user?: unknown }; user?: unknown };
    const subscribing = context.getArgByIndex<Subscribing>(2);
    const { authorization, 'caller-in': place } = subscribing.request?.headers ?? {};
    if (!subscribing.request || !authorization) return true;
    const caller = { tenant: authorization };
    if (place === 'context') subscribing.user = caller;
    else subscribing.request.user = caller;
    return true;
  }
}

describe('a subscription over a WebSocket', () => {
  const asked: unknown[] = [];

  @Resolver()
  @UseGuards(AuthenticationGuard)
  class TicksResolver {
    constructor(private readonly tenants: TenantContext) {}

    @Query(() => String)
    nothing(): string {
      return '';
    }

    @Subscription(() => String)
    async *ticks(): AsyncGenerator<{ ticks: string }> {
      asked.push(this.tenants.tenantId);
      for (let n = 0; n < 3; n += 1) {
        await later(1);
        yield { ticks: `${n} of ${this.tenants.tenantId}` };
      }
    }
  }

  @Resolver()
  class FreeResolver {
    constructor(private readonly tenants: TenantContext) {}

    @Query(() => String)
    nothing(): string {
      return '';
    }

    @BypassTenancy()
    @Subscription(() => String)
    async *ticks(): AsyncGenerator<{ ticks: string }> {
      await later(1);
      yield { ticks: `of ${this.tenants.tenantId}` };
      await later(1);
      yield { ticks: `of ${this.tenants.tenantId}` };
    }
  }

  const store = new InMemoryTenantStore([
    { id: 'acme', schema: 't_acme' },
    { id: 'globex', schema: 't_globex' },
  ]);
  const tenancy = TenancyModule.forRoot({ store });
  const claiming = TenancyModule.forRoot({
    store,
    resolvers: [new HeaderTenantResolver(), new ClaimTenantResolver('tenant')],
  });
  const mercurius: MercuriusDriverConfig = { driver: MercuriusDriver, autoSchemaFile: true, subscription: true };
  const apollo: ApolloDriverConfig = {
    driver: ApolloDriver,
    autoSchemaFile: true,
    subscriptions: { 'graphql-ws': true },
  };

  @Module({ imports: [tenancy, GraphQLModule.forRoot(mercurius)], providers: [TicksResolver] })
  class MercuriusModule {}

  @Module({ imports: [claiming, GraphQLModule.forRoot(mercurius)], providers: [TicksResolver] })
  class ClaimingModule {}

  @Module({ imports: [tenancy, GraphQLModule.forRoot(apollo)], providers: [TicksResolver] })
  class ApolloModule {}

  /** What a socket is sent for a subscription, until it ends. */
  async function subscribe(url: string, headers: Record<string, string>): Promise<string[]> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', { headers });
    const ended = new Promise<string[]>((resolve) => {
      const texts: string[] = [];
      socket.on('message', (data: Buffer) => {
        const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: unknown };
        if (type === 'connection_ack') {
          socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { ticks }' } }));
        } else if (type === 'next') {
          const { data: ticks, errors } = payload as { data?: { ticks: string }; errors?: unknown };
          texts.push(ticks?.ticks ?? JSON.stringify(errors));
        } else {
          if (type === 'error') texts.push(JSON.stringify(payload));
          resolve(texts);
        }
      });
    });
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init', payload: {} }));
    return ended.finally(() => socket.terminate());
  }

  let running: RunningApp;
  afterEach(() => {
    asked.length = 0;
    return running.app.close();
  });

  it('has its handshake’s tenant with Mercurius, which comes by the hooks of Fastify', async () => {
    running = await startApp(MercuriusModule, 'Fastify');
    const ids = Array.from({ length: 20 }, (_, n) => (n % 2 ? 'acme' : 'globex'));

    const heard = await Promise.all(ids.map((id) => subscribe(running.url, { 'x-tenant-id': id })));

    expect(heard).toEqual(ids.map((id) => [0, 1, 2].map((n) => `${n} of ${id}`)));
  });

  it.each([
    ['Mercurius', MercuriusModule, 'Fastify', {}, 'TENANT_REQUIRED'],
    ['Apollo, which has a server of its own', ApolloModule, 'Express', { 'x-tenant-id': 'acme' }, 'INTERNAL_ERROR'],
  ] as const)('is refused before its resolver without one: %s', async (_driver, module, adapter, headers, code) => {
    running = await startApp(module, adapter);

    const heard = await subscribe(running.url, headers);

    expect(heard.join()).toContain(code);
    expect(asked).toEqual([]);
  });

  it.each(['request', 'context'])('is held to the claim of a caller whom a guard leaves in its %s', async (place) => {
    running = await startApp(ClaimingModule, 'Fastify');
    const headers = { 'x-tenant-id': 'acme', 'caller-in': place };

    expect(await subscribe(running.url, { ...headers, authorization: 'acme' })).toHaveLength(3);
    asked.length = 0;
    const heard = await subscribe(running.url, { ...headers, authorization: 'globex' });

    expect(heard.join()).toContain('TENANT_FORBIDDEN');
    expect(asked).toEqual([]);
  });

  it('is refused where its context holds no request: nobody could be held to his claim', async () => {
    const context = (): object => ({ request: undefined });
    @Module({
      imports: [claiming, GraphQLModule.forRoot({ ...mercurius, subscription: { context } })],
      providers: [TicksResolver],
    })
    class RequestlessModule {}
    running = await startApp(RequestlessModule, 'Fastify');

    const heard = await subscribe(running.url, { 'x-tenant-id': 'acme' });

    expect(heard.join()).toContain('INTERNAL_ERROR');
    expect(asked).toEqual([]);
  });

  it('counts for its tenant, and leaves the others theirs', async () => {
    const limits = TenantThrottlerModule.forRoot({ plans: { free: { limit: 1, ttl: 60_000 } } });
    @Module({ imports: [tenancy, limits, GraphQLModule.forRoot(mercurius)], providers: [TicksResolver] })
    class LimitedModule {}
    running = await startApp(LimitedModule, 'Fastify');

    const heard: string[][] = [];
    for (const id of ['acme', 'acme', 'globex']) heard.push(await subscribe(running.url, { 'x-tenant-id': id }));

    expect(heard[0]).toEqual(['0 of acme', '1 of acme', '2 of acme']);
    expect(heard[1].join()).toContain('TENANT_QUOTA_EXCEEDED');
    expect(heard[2]).toEqual(['0 of globex', '1 of globex', '2 of globex']);
  });

  it('sees no tenant while it is read, where it belongs to none', async () => {
    @Module({ imports: [tenancy, GraphQLModule.forRoot(mercurius)], providers: [FreeResolver] })
    class FreeModule {}
    running = await startApp(FreeModule, 'Fastify');

    expect(await subscribe(running.url, { 'x-tenant-id': 'acme' })).toEqual(['of undefined', 'of undefined']);
  });
});
