import { Module } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { OnGatewayConnection } from '@nestjs/websockets';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, WebSocketServer } from '@nestjs/websockets';
import type { Server, ServerOptions, Socket } from 'socket.io';
import type { Socket as Client } from 'socket.io-client';
import { io } from 'socket.io-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  CurrentTenant,
  InMemoryTenantStore,
  QueryTenantResolver,
  TenancyModule,
  TenantContext,
  TenantService,
} from 'nestjs-tenancy';
import type { Tenant } from 'nestjs-tenancy';
import type { RunningApp } from './support/start-app.js';
import { startApp } from './support/start-app.js';

class RecoveringAdapter extends IoAdapter {
  override createIOServer(port: number, options: ServerOptions): Server {
    const connectionStateRecovery = { maxDisconnectionDuration: 60_000 };
    return super.createIOServer(port, { ...options, connectionStateRecovery });
  }
}

const connected: string[] = [];

@WebSocketGateway()
class NewsGateway implements OnGatewayConnection {
  @WebSocketServer() server!: Server;

  constructor(private readonly tenants: TenantContext) {}

  async handleConnection(client: Socket): Promise<void> {
    connected.push(`${this.tenants.tenantId}${client.recovered ? ' again' : ''}`);
    // As an application does that keeps something of its own there.
    client.data = { own: this.tenants.tenantId };
    if (!client.recovered) await client.join(`news of ${this.tenants.tenantId}`);
    client.emit('welcome');
  }

  @SubscribeMessage('who')
  who(@CurrentTenant('id') id: string, @ConnectedSocket() client: Socket): unknown {
    return { event: 'who', data: { id, rooms: [...client.rooms].slice(1) } };
  }
}

class ChangingStore extends InMemoryTenantStore {
  readonly suspended = new Set<string>();

  override async findById(id: string): Promise<Tenant | undefined> {
    const tenant = await super.findById(id);
    return tenant && this.suspended.has(id) ? { ...tenant, status: 'suspended' } : tenant;
  }
}

const store = new ChangingStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
]);

@Module({
  imports: [TenancyModule.forRoot({ store, resolvers: [new QueryTenantResolver()] })],
  providers: [NewsGateway],
})
class NewsModule {}

describe('a socket of socket.io that was cut off and goes on', () => {
  let running: RunningApp;
  let client: Client;

  beforeAll(async () => {
    running = await startApp(NewsModule, 'Express', (app) => app.useWebSocketAdapter(new RecoveringAdapter(app)));
  });
  afterEach(async () => {
    client.close();
    connected.length = 0;
    store.suspended.clear();
    await running.app.get(TenantService).invalidate('acme');
  });
  afterAll(() => running.app.close());

  const rooms = () => [...running.app.get(NewsGateway).server.sockets.adapter.rooms.keys()];

  async function connectAsAcme(): Promise<void> {
    client = io(running.url, { forceNew: true, query: { tenant_id: 'acme' }, reconnectionDelay: 1 });
    await new Promise<void>((resolve) => client.once('welcome', resolve));
    expect(rooms()).toContain('news of acme');
  }

  /** Is cut off, and connects again. */
  async function goOn(query: Record<string, string>): Promise<void> {
    client.io.opts.query = query;
    const again = new Promise<void>((resolve) => client.once('connect', resolve));
    client.io.engine.close();
    await again;
    expect(client.recovered).toBe(true);
  }

  it('is still its tenant’s', async () => {
    await connectAsAcme();
    await goOn({ tenant_id: 'acme' });
    client.emit('who');

    expect(await new Promise((resolve) => client.once('who', resolve))).toEqual({
      id: 'acme',
      rooms: ['news of acme'],
    });
    expect(connected).toEqual(['acme', 'acme again']);
  });

  it.each([
    ['of another tenant', { tenant_id: 'globex' }],
    ['of an unknown one', { tenant_id: 'nobody' }],
    ['of none', {}],
  ])('is ended, and leaves its rooms, with a handshake %s', async (_whose, query) => {
    await connectAsAcme();
    await goOn(query);

    await expect.poll(() => client.connected).toBe(false);
    await expect.poll(rooms).toEqual([]);
    expect(connected).toEqual(['acme']);
  });

  it('is ended where its tenant was suspended meanwhile', async () => {
    await connectAsAcme();
    store.suspended.add('acme');
    await running.app.get(TenantService).invalidate('acme');
    await goOn({ tenant_id: 'acme' });

    await expect.poll(() => client.connected).toBe(false);
    await expect.poll(rooms).toEqual([]);
  });
});
