import { setTimeout as later } from 'node:timers/promises';
import type {
  ArgumentsHost,
  CallHandler,
  CanActivate,
  ExceptionFilter,
  ExecutionContext,
  NestInterceptor,
  Type,
} from '@nestjs/common';
import { Catch, Injectable, Module, UseFilters, UseGuards, UseInterceptors } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import type { OnGatewayConnection, OnGatewayDisconnect } from '@nestjs/websockets';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Observable } from 'rxjs';
import { from, mergeMap } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  BypassTenancy,
  ClaimTenantResolver,
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  QueryTenantResolver,
  SubdomainTenantResolver,
  TenancyModule,
  TenantContext,
  TenantService,
} from 'nestjs-tenancy';
import type { Tenant } from 'nestjs-tenancy';
import type { Handshake, Platform, SocketClient } from './support/socket-client.js';
import { connectSocket, platforms } from './support/socket-client.js';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

/** What each part of a message saw. */
const seen: string[] = [];
/** What a gateway heard of its sockets. */
const sockets: string[] = [];

/** What an authentication leaves on a socket of either platform. */
interface Caller {
  user?: unknown;
}

@Injectable()
class SeeingGuard implements CanActivate {
  constructor(private readonly tenants: TenantContext) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    await later(1);
    seen.push(`guard: ${this.tenants.tenantId}`);
    const { claim } = context.switchToWs().getData<{ claim?: string }>();
    if (claim) context.switchToWs().getClient<Caller>().user = { tenant: claim };
    return true;
  }
}

@Injectable()
class SeeingInterceptor implements NestInterceptor {
  constructor(private readonly tenants: TenantContext) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    seen.push(`interceptor: ${this.tenants.tenantId}`);
    return next.handle();
  }
}

class Teapot extends Error {}

@Catch(Teapot)
class SeeingFilter implements ExceptionFilter {
  constructor(private readonly tenants: TenantContext) {}

  catch(_error: Teapot, host: ArgumentsHost): void {
    const client = host
      .switchToWs()
      .getClient<{ send(text: string): void; emit(event: string, body: unknown): void }>();
    const data = `teapot of ${this.tenants.tenantId}`;
    if ('handshake' in client) client.emit('exception', data);
    else client.send(JSON.stringify({ event: 'exception', data }));
  }
}

@WebSocketGateway()
@UseGuards(SeeingGuard)
@UseInterceptors(SeeingInterceptor)
@UseFilters(SeeingFilter)
class WhoGateway implements OnGatewayConnection, OnGatewayDisconnect {
  constructor(private readonly tenants: TenantContext) {}

  async handleConnection(): Promise<void> {
    const id = this.tenants.tenantId;
    await later(1);
    sockets.push(`connected ${id} ${this.tenants.tenantId}`);
  }

  handleDisconnect(): void {
    sockets.push(`gone ${this.tenants.tenantId}`);
  }

  @SubscribeMessage('who')
  async who(@CurrentTenant('id') id: string, @MessageBody() { n = 0 }: { n?: number }): Promise<unknown> {
    seen.push(`handler: ${id}`);
    await later(n % 3);
    return { event: 'who', data: { n, id, later: this.tenants.tenantId } };
  }

  @SubscribeMessage('lines')
  lines(): Observable<unknown> {
    return from([1]).pipe(
      mergeMap(async (n) => {
        await later(n);
        return { event: 'lines', data: this.tenants.tenantId };
      }),
    );
  }

  @SubscribeMessage('fails')
  async fails(): Promise<never> {
    await later(1);
    throw new Teapot();
  }

  @BypassTenancy()
  @SubscribeMessage('health')
  health(): unknown {
    return { event: 'health', data: { id: this.tenants.tenantId ?? null } };
  }
}

/** A registry that can be slow, and in which a tenant can be suspended. */
class ChangingStore extends InMemoryTenantStore {
  gate: Promise<void> = Promise.resolve();
  readonly suspended = new Set<string>();

  override async findById(id: string): Promise<Tenant | undefined> {
    await this.gate;
    const tenant = await super.findById(id);
    return tenant && this.suspended.has(id) ? { ...tenant, status: 'suspended' } : tenant;
  }
}

const store = new ChangingStore([
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
]);

@Module({
  imports: [
    TenancyModule.forRoot({
      store,
      resolvers: [
        new HeaderTenantResolver(),
        new QueryTenantResolver(),
        new SubdomainTenantResolver('example.com'),
        new ClaimTenantResolver('tenant'),
      ],
    }),
  ],
  providers: [WhoGateway],
})
class AppModule {}

/** Behind a gateway of the network's, which says whose socket it is. */
function behind(proxy: string): Type {
  @Module({
    imports: [
      TenancyModule.forRoot({
        store,
        trustedHints: { proxies: [proxy], resolvers: [new HeaderTenantResolver('X-Gateway-Tenant')] },
      }),
    ],
    providers: [WhoGateway],
  })
  class BehindProxyModule {}
  return BehindProxyModule;
}

const grounds = platforms.flatMap((platform) => adapters.map((adapter) => [platform, adapter] as const));

describe.each(grounds)('a gateway on %s, with %s', (platform: Platform, adapter) => {
  let running: RunningApp;
  const open: SocketClient[] = [];
  const connect = (handshake?: Handshake): SocketClient => {
    const client = connectSocket(platform, running.url, handshake);
    open.push(client);
    return client;
  };

  beforeAll(async () => {
    running = await startApp(AppModule, adapter, (app) => {
      if (platform === 'ws') app.useWebSocketAdapter(new WsAdapter(app));
    });
  });
  afterEach(async () => {
    for (const client of open.splice(0)) client.close();
    seen.length = 0;
    sockets.length = 0;
    store.suspended.clear();
    await running.app.get(TenantService).invalidate('acme');
  });
  afterAll(() => running.app.close());

  it.each([
    ['a header', { headers: { 'x-tenant-id': 'acme' } }],
    ['the query', { query: { tenant_id: 'acme' } }],
    ['the host', { headers: { host: 'acme.example.com' } }],
  ])('has the tenant that its handshake names by %s', async (_how, handshake) => {
    expect(await connect(handshake).ask('who')).toEqual({ n: 0, id: 'acme', later: 'acme' });
    expect(seen).toEqual(['guard: acme', 'interceptor: acme', 'handler: acme']);
  });

  it('keeps the sockets of two tenants apart, whose messages come in turns', async () => {
    const ids = ['acme', 'globex', 'acme', 'globex'];
    const clients = ids.map((id) => connect({ query: { tenant_id: id } }));

    const answers = await Promise.all(
      Array.from({ length: 25 }, (_, n) => clients.map((client) => client.ask('who', { n }))).flat(),
    );

    expect(answers).toHaveLength(100);
    expect(answers.map((answer) => (answer as { id: string }).id)).toEqual(answers.map((_, i) => ids[i % 4]));
    expect(
      answers.filter((answer) => (answer as { id: string; later: string }).id !== (answer as { later: string }).later),
    ).toEqual([]);
  });

  it('keeps it in what a handler streams, and in an exception filter', async () => {
    const [acme, globex] = ['acme', 'globex'].map((id) => connect({ query: { tenant_id: id } }));

    expect(await Promise.all([acme.ask('lines'), globex.ask('lines')])).toEqual(['acme', 'globex']);
    expect(await Promise.all([acme.ask('fails'), globex.ask('fails')])).toEqual(['teapot of acme', 'teapot of globex']);
  });

  it('hears of a socket’s beginning and end as its tenant', async () => {
    const [acme, globex] = ['acme', 'globex'].map((id) => connect({ query: { tenant_id: id } }));
    await Promise.all([acme.ask('who'), globex.ask('who')]);
    globex.close();
    await expect.poll(() => sockets).toContain('gone globex');
    acme.close();
    await expect.poll(() => sockets).toContain('gone acme');

    expect(sockets.filter((line) => line.startsWith('connected')).sort()).toEqual([
      'connected acme acme',
      'connected globex globex',
    ]);
  });

  it('loses no message that comes while the tenant is looked up', async () => {
    const globex = connect({ query: { tenant_id: 'globex' } });
    await globex.ask('who');
    let found = (): void => undefined;
    store.gate = new Promise((resolve) => (found = resolve));
    const answer = connect({ query: { tenant_id: 'acme' } }).ask('who', { n: 7 });
    // By the time that a tenant who is known has many answers, the message of the one who is not has come.
    for (let n = 0; n < 50; n += 1) await globex.ask('who');
    found();

    expect(await answer).toMatchObject({ n: 7, id: 'acme' });
    expect(sockets).toContain('connected acme acme');
  });

  it.each([
    ['none', {}, 'TENANT_REQUIRED'],
    ['an unknown one', { query: { tenant_id: 'nobody' } }, 'TENANT_NOT_FOUND'],
    ['a suspended one', { query: { tenant_id: 'dormant' } }, 'TENANT_NOT_FOUND'],
    ['no id', { query: { tenant_id: '../acme' } }, 'TENANT_ID_INVALID'],
    ['two', { query: { tenant_id: 'acme' }, headers: { 'x-tenant-id': 'globex' } }, 'TENANT_CONFLICT'],
  ])('refuses a message before its handler where the handshake names %s', async (_who, handshake, code) => {
    const client = connect(handshake);

    expect(await client.ask('who')).toMatchObject({ status: 'error', code });
    expect(await client.ask('lines')).toMatchObject({ status: 'error', code });
    expect(seen).toEqual([]);
  });

  it.each([{}, { query: { tenant_id: 'acme' } }, { query: { tenant_id: 'nobody' } }])(
    'lets a handler that belongs to no tenant see none: %j',
    async (handshake) => {
      expect(await connect(handshake as Handshake).ask('health')).toEqual({ id: null });
    },
  );

  it('keeps its tenant after a message to a handler that belongs to none', async () => {
    const client = connect({ query: { tenant_id: 'acme' } });

    expect(await client.ask('health')).toEqual({ id: null });
    expect(await client.ask('who')).toMatchObject({ id: 'acme' });
  });

  it('refuses what comes after its tenant was suspended', async () => {
    const client = connect({ query: { tenant_id: 'acme' } });
    expect(await client.ask('who')).toMatchObject({ id: 'acme' });

    store.suspended.add('acme');
    await running.app.get(TenantService).invalidate('acme');

    expect(await client.ask('who')).toMatchObject({ code: 'TENANT_NOT_FOUND' });
  });

  it('is held to the claim of a caller whom a guard authenticates', async () => {
    const client = connect({ query: { tenant_id: 'acme' } });

    expect(await client.ask('who', { claim: 'globex' })).toMatchObject({ code: 'TENANT_FORBIDDEN' });
    expect(seen).not.toContain('handler: acme');
    expect(await client.ask('who', { claim: 'acme' })).toMatchObject({ code: 'TENANT_FORBIDDEN' });
  });

  it('takes the tenant of a claim, and keeps it', async () => {
    const client = connect();
    expect(await client.ask('health', { claim: 'acme' })).toEqual({ id: null });
    expect(await client.ask('who')).toMatchObject({ id: 'acme' });
    expect(await client.ask('who', { claim: 'globex' })).toMatchObject({ code: 'TENANT_FORBIDDEN' });
    expect(await client.ask('who')).toMatchObject({ code: 'TENANT_CONFLICT' });
  });
});

describe.each(grounds)('a gateway on %s, with %s, behind a proxy that names the tenant', (platform, adapter) => {
  it.each([
    ['believes it', '127.0.0.0/8', { n: 0, id: 'acme', later: 'acme' }],
    ['refuses anybody else who names it', '10.1.2.3', { status: 'error', code: 'TENANT_HINT_UNTRUSTED' }],
  ])('%s', async (_what, proxy, answer) => {
    const { app, url } = await startApp(behind(proxy), adapter, (starting) => {
      if (platform === 'ws') starting.useWebSocketAdapter(new WsAdapter(starting));
    });
    const client = connectSocket(platform, url, { headers: { 'x-gateway-tenant': 'acme' } });

    expect(await client.ask('who')).toMatchObject(answer);
    client.close();
    await app.close();
    seen.length = 0;
  });
});
