import { CacheKey, CacheModule } from '@nestjs/cache-manager';
import { Module, UseInterceptors } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { describe, expect, it } from 'vitest';
import { CurrentTenant, InMemoryTenantStore, QueryTenantResolver, TenancyModule } from 'nestjs-tenancy';
import { TenantCacheInterceptor } from 'nestjs-tenancy/caching';
import { TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import { connectSocket, platforms } from './support/socket-client.js';
import { startApp } from './support/start-app.js';

@WebSocketGateway()
class ReportGateway {
  private made = 0;

  @SubscribeMessage('report')
  @CacheKey('one name for all')
  @UseInterceptors(TenantCacheInterceptor)
  report(@CurrentTenant('id') id: string): unknown {
    return { event: 'report', data: { of: id, made: (this.made += 1) } };
  }
}

const tenancy = TenancyModule.forRoot({
  store: new InMemoryTenantStore([
    { id: 'acme', schema: 't_acme' },
    { id: 'globex', schema: 't_globex' },
  ]),
  resolvers: [new QueryTenantResolver()],
});

describe.each(platforms)('an answer to a message that is kept, on %s', (platform) => {
  it.each([
    ['without a limit of requests', []],
    ['with one', [TenantThrottlerModule.forRoot({ plans: { default: { limit: 100, ttl: 60_000 } } })]],
  ])('is given to its tenant again, and to no other: %s', async (_limit, limits) => {
    @Module({ imports: [CacheModule.register({ isGlobal: true }), tenancy, ...limits], providers: [ReportGateway] })
    class ReportModule {}
    const { app, url } = await startApp(ReportModule, 'Express', (starting) => {
      if (platform === 'ws') starting.useWebSocketAdapter(new WsAdapter(starting));
    });
    const [acme, globex] = ['acme', 'globex'].map((id) => connectSocket(platform, url, { query: { tenant_id: id } }));

    expect(await acme.ask('report')).toEqual({ of: 'acme', made: 1 });
    expect(await globex.ask('report')).toEqual({ of: 'globex', made: 2 });
    expect(await acme.ask('report')).toEqual({ of: 'acme', made: 1 });
    for (const client of [acme, globex]) client.close();
    await app.close();
  });
});
