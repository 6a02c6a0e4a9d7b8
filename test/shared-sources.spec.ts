import { EventEmitter } from 'node:events';
import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { Controller, Get, Injectable, Module, Post, Sse, UseInterceptors } from '@nestjs/common';
import type { ClientOptions, MicroserviceOptions } from '@nestjs/microservices';
import { ClientProxyFactory, MessagePattern, Transport } from '@nestjs/microservices';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import type { Observable } from 'rxjs';
import { firstValueFrom, fromEvent, map, merge, NEVER, Subject, take } from 'rxjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  HeaderTenantResolver,
  InMemoryTenantStore,
  keepTenant,
  QueryTenantResolver,
  sendTenant,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { findFreePort } from '../apps/sandbox/src/ports.js';
import { connectSocket, platforms } from './support/socket-client.js';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

/** What all tenants share. */
const bus = new Subject<string>();
const emitter = new EventEmitter();
const isHeard = (): boolean => bus.observed || emitter.listenerCount('published') > 0;

@Injectable()
class PassingInterceptor implements NestInterceptor {
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle();
  }
}

@Controller()
class NewsController {
  constructor(private readonly tenants: TenantContext) {}

  @Sse('events')
  events(): Observable<unknown> {
    return bus.pipe(map((by) => ({ data: this.read(by) })));
  }

  @Sse('beating')
  @UseInterceptors(PassingInterceptor)
  beating(): Observable<unknown> {
    return merge(bus.pipe(map((by) => ({ data: this.read(by) }))), NEVER);
  }

  @Sse('emitted')
  async emitted(): Promise<Observable<unknown>> {
    return fromEvent(emitter, 'published').pipe(map((by) => ({ data: this.read(by) })));
  }

  @Get('next')
  next(): Observable<unknown> {
    return bus.pipe(
      take(1),
      map((by) => this.read(by)),
    );
  }

  @Get('awaited')
  async awaited(): Promise<unknown> {
    return firstValueFrom(
      bus.pipe(
        keepTenant(),
        map((by) => this.read(by)),
      ),
    );
  }

  @MessagePattern('next')
  nextMessage(): Observable<unknown> {
    return bus.pipe(
      take(1),
      map((by) => this.read(by)),
    );
  }

  @Post('publish')
  publish(): unknown {
    const by = this.tenants.tenantId;
    bus.next(`${by}`);
    emitter.emit('published', `${by}`);
    return {};
  }

  private read(by: unknown): string {
    return `published by ${String(by)}, read as ${this.tenants.tenantId}`;
  }
}

@WebSocketGateway()
class NewsGateway {
  constructor(private readonly tenants: TenantContext) {}

  @SubscribeMessage('events')
  events(): Observable<unknown> {
    return bus.pipe(map((by) => ({ event: 'events', data: `published by ${by}, read as ${this.tenants.tenantId}` })));
  }

  @SubscribeMessage('intercepted')
  @UseInterceptors(PassingInterceptor)
  intercepted(): Observable<unknown> {
    return this.events();
  }
}

@Module({
  imports: [
    TenancyModule.forRoot({
      store: new InMemoryTenantStore([
        { id: 'acme', schema: 't_acme' },
        { id: 'globex', schema: 't_globex' },
      ]),
      resolvers: [new HeaderTenantResolver(), new QueryTenantResolver()],
    }),
  ],
  controllers: [NewsController],
  providers: [NewsGateway],
})
class NewsModule {}

const EXPECTED = 'published by globex, read as acme';

/** Lets globex publish once somebody listens. */
async function published(running: RunningApp): Promise<void> {
  await expect.poll(isHeard).toBe(true);
  await running.call('POST', '/publish', { headers: { 'x-tenant-id': 'globex' } });
}

describe.each(adapters)('what acme hears of a source that tenants share, with %s', (adapter) => {
  let running: RunningApp;
  const microservice: MicroserviceOptions = { transport: Transport.TCP, options: { host: '127.0.0.1', port: 0 } };

  beforeAll(async () => {
    microservice.options!.port = await findFreePort();
    running = await startApp(NewsModule, adapter, (app) => {
      app.connectMicroservice(microservice, { inheritAppConfig: true });
    });
    await running.app.startAllMicroservices();
  });
  afterAll(() => running.app.close());

  it.each(['events', 'beating', 'emitted'])('is read as acme in server-sent events: %s', async (path) => {
    const leaving = new AbortController();
    const answering = fetch(`${running.url}/${path}?tenant_id=acme`, { signal: leaving.signal });
    await published(running);
    const reader = (await answering).body!.getReader();
    let text = '';
    while (!text.includes('data:')) text += Buffer.from((await reader.read()).value).toString();
    leaving.abort();

    expect(text).toContain(`data: ${EXPECTED}`);
    await expect.poll(isHeard).toBe(false);
  });

  it.each([
    ['in an answer', '/next'],
    ['behind keepTenant(), wherever it is subscribed to', '/awaited'],
  ])('is read as acme %s', async (_where, path) => {
    const answering = running.call('GET', path, { headers: { 'x-tenant-id': 'acme' } });
    await published(running);

    expect((await answering).text).toBe(EXPECTED);
  });

  it('is read as acme in a message', async () => {
    const client = sendTenant(ClientProxyFactory.create(microservice as ClientOptions));
    const answering = running.app.get(TenantContext).run('acme', () => firstValueFrom(client.send('next', 0)));
    await published(running);

    expect(await answering).toBe(EXPECTED);
    await client.close();
  });
});

describe.each(platforms)('what acme’s socket hears of a source that tenants share, on %s', (platform) => {
  it.each(['events', 'intercepted'])('is read as acme: %s', async (event) => {
    const running = await startApp(NewsModule, 'Express', (app) => {
      if (platform === 'ws') app.useWebSocketAdapter(new WsAdapter(app));
    });
    const client = connectSocket(platform, running.url, { query: { tenant_id: 'acme' } });
    const answer = client.ask(event);
    await published(running);

    expect(await answer).toBe(EXPECTED);
    client.close();
    await running.app.close();
  });
});
