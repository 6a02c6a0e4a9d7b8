import { setImmediate as turn } from 'node:timers/promises';
import type { Type } from '@nestjs/common';
import { Inject, Module } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { OnGatewayConnection, OnGatewayDisconnect } from '@nestjs/websockets';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, describe, expect, it } from 'vitest';
import {
  BypassTenancy,
  CurrentTenant,
  InMemoryTenantStore,
  QueryTenantResolver,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { connectSocket, platforms } from './support/socket-client.js';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';

const heard: string[] = [];

abstract class HearingGateway implements OnGatewayConnection, OnGatewayDisconnect {
  @Inject() protected readonly tenants: TenantContext;

  handleConnection(): void {
    heard.push(`connected ${this.tenants.tenantId}`);
  }

  async handleDisconnect(): Promise<void> {
    await turn();
    heard.push(`gone ${this.tenants.tenantId}`);
  }

  @BypassTenancy()
  @SubscribeMessage('health')
  health(): unknown {
    return { event: 'health', data: 'well' };
  }

  @SubscribeMessage('who')
  who(@CurrentTenant('id') id: string): unknown {
    return { event: 'who', data: id };
  }
}

@WebSocketGateway()
class InheritingGateway extends HearingGateway {}

@WebSocketGateway()
@BypassTenancy()
class NobodysGateway extends HearingGateway {}

@WebSocketGateway()
class AuthenticatingGateway extends HearingGateway {
  @BypassTenancy()
  override handleConnection(): void {
    heard.push(`authenticated ${this.tenants.tenantId}`);
  }
}

/** As code does that counts on its tenant. */
@WebSocketGateway()
class ThrowingGateway extends HearingGateway {
  override handleConnection(): void {
    heard.push(`connected ${this.tenants.getOrThrow().id}`);
  }

  override async handleDisconnect(): Promise<void> {
    heard.push(`gone ${this.tenants.getOrThrow().id}`);
  }
}

function withGateway(gateway: Type, exclude: string[]): Type {
  @Module({
    imports: [
      TenancyModule.forRoot({
        store: new InMemoryTenantStore([
          { id: 'acme', schema: 't_acme' },
          { id: 'dormant', schema: 't_dormant', status: 'suspended' },
        ]),
        resolvers: [new QueryTenantResolver()],
        exclude,
      }),
    ],
    providers: [gateway],
  })
  class GatewayModule {}
  return GatewayModule;
}

describe.each(platforms)('a gateway on %s', (platform) => {
  let running: RunningApp;
  const start = async (gateway: Type, exclude: string[] = []): Promise<void> => {
    running = await startApp(withGateway(gateway, exclude), 'Express', (app) => {
      if (platform === 'ws') app.useWebSocketAdapter(new WsAdapter(app));
    });
  };
  const refused = [{}, { tenant_id: 'nobody' }, { tenant_id: 'dormant' }] as Array<Record<string, string>>;
  const comeAndGo = async (query: Record<string, string>): Promise<unknown> => {
    const client = connectSocket(platform, running.url, { query });
    await client.ask('health');
    const answer = await client.ask('who');
    client.close();
    return answer;
  };
  afterEach(async () => {
    await running.app.close();
    heard.length = 0;
  });

  it.each([
    ['that inherits its hooks', InheritingGateway],
    ['that counts on a tenant', ThrowingGateway],
  ])('%s does not hear of a socket that is refused', async (_which, gateway) => {
    await start(gateway);
    for (const query of refused) expect(await comeAndGo(query)).toMatchObject({ status: 'error' });
    expect(await comeAndGo({ tenant_id: 'acme' })).toBe('acme');

    await expect.poll(() => heard).toEqual(['connected acme', 'gone acme']);
  });

  it('is not opened by a path that is excluded', async () => {
    await start(InheritingGateway, ['/', '/socket.io*']);

    expect(await comeAndGo({})).toMatchObject({ code: 'TENANT_REQUIRED' });
    expect(await comeAndGo({ tenant_id: 'acme' })).toBe('acme');
    await expect.poll(() => heard).toContain('gone acme');
  });

  it('hears of each, and of no tenant, where its class is marked to belong to none', async () => {
    await start(NobodysGateway);
    for (const query of [...refused, { tenant_id: 'acme' }]) await comeAndGo(query);

    await expect.poll(() => heard.filter((line) => line === 'connected undefined').length).toBe(4);
    await expect.poll(() => heard.filter((line) => line === 'gone undefined').length).toBe(4);
  });

  it('hears of each, and of no tenant, where its method is marked so', async () => {
    await start(AuthenticatingGateway);
    for (const query of [...refused, { tenant_id: 'acme' }]) await comeAndGo(query);

    await expect.poll(() => heard.length).toBe(5);
    expect([...heard].sort()).toEqual([...Array.from({ length: 4 }, () => 'authenticated undefined'), 'gone acme']);
  });
});
