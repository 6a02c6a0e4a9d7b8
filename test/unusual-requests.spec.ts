import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { json } from 'node:stream/consumers';
import {
  All,
  Controller,
  Get,
  Injectable,
  Module,
  Options,
  Post,
  Scope,
  Sse,
  UploadedFile,
  UseInterceptors,
} from '@nestjs/common';
import type { MessageEvent } from '@nestjs/common';
import { ContextIdFactory, LazyModuleLoader, NestFactory } from '@nestjs/core';
import type { ContextId, HostComponentInfo } from '@nestjs/core';
import { FileInterceptor } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  SubdomainTenantResolver,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import { filter, firstValueFrom, Observable, Subject } from 'rxjs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

/** Who was reached, and as whom. */
const reached: string[] = [];
afterEach(() => {
  reached.length = 0;
});

/** Made once for each tenant, as Nest's durable providers are. */
@Injectable({ scope: Scope.REQUEST, durable: true })
class DurableNotes {
  readonly tenantId: string | undefined;

  constructor(private readonly tenants: TenantContext) {
    this.tenantId = tenants.tenantId;
  }

  now(): string {
    return `${this.tenantId} ${this.tenants.tenantId}`;
  }
}

@Injectable({ scope: Scope.REQUEST })
class RequestNotes {
  readonly tenantId: string | undefined;

  constructor(tenants: TenantContext) {
    this.tenantId = tenants.tenantId;
  }
}

@Injectable()
class LazyNotes {
  constructor(private readonly tenants: TenantContext) {}

  who(): string {
    return this.tenants.getOrThrow().id;
  }
}

@Module({ providers: [LazyNotes] })
class LazyModule {}

@Controller()
class AnyController {
  constructor(
    private readonly tenants: TenantContext,
    private readonly modules: LazyModuleLoader,
  ) {}

  @Get('who')
  who(@CurrentTenant('id') id: string): unknown {
    reached.push(`who ${id}`);
    return { id };
  }

  @Options('options')
  options(): unknown {
    reached.push(`options ${this.tenants.tenantId}`);
    return {};
  }

  @All('all')
  all(): unknown {
    reached.push(`all ${this.tenants.tenantId}`);
    return {};
  }

  @Sse('events')
  events(): Observable<MessageEvent> {
    return new Observable((subscriber) => {
      subscriber.next({ data: String(this.tenants.tenantId) });
      return () => reached.push(`left as ${this.tenants.tenantId}`);
    });
  }

  @Get('lazy')
  async lazy(): Promise<unknown> {
    const module = await this.modules.load(() => LazyModule);
    return { id: module.get(LazyNotes).who() };
  }
}

@Controller()
class ScopedController {
  constructor(
    private readonly durable: DurableNotes,
    private readonly request: RequestNotes,
  ) {}

  @Get('scoped')
  scoped(): unknown {
    return { durable: this.durable.now(), request: this.request.tenantId };
  }
}

const tenancy = TenancyModule.forRoot({
  store: new InMemoryTenantStore([
    { id: 'acme', schema: 't_acme' },
    { id: 'globex', schema: 't_globex' },
  ]),
  resolvers: [new HeaderTenantResolver(), new SubdomainTenantResolver('example.com')],
});

@Module({ imports: [tenancy], controllers: [AnyController, ScopedController], providers: [DurableNotes, RequestNotes] })
class AppModule {}

/** What is sent as it is, and what comes back until the other side hangs up. */
async function sendRaw(url: string, lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`${lines.join('\r\n')}\r\n\r\n`);
  let answer = '';
  for await (const chunk of socket) answer += String(chunk);
  return answer;
}

/** As Nest's documentation has it: the providers of a tenant are kept for its next request. */
class ByTenant {
  private readonly known = new Map<string, ContextId>();

  attach(contextId: ContextId, request: { headers: Record<string, string> }) {
    const id = request.headers['x-tenant-id'] ?? 'nobody';
    const tenantContextId = this.known.get(id) ?? ContextIdFactory.create();
    this.known.set(id, tenantContextId);
    return (info: HostComponentInfo) => (info.isTreeDurable ? tenantContextId : contextId);
  }
}

describe.each(adapters)('a handler on %s', (adapter) => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(AppModule, adapter);
  });
  afterAll(() => running.app.close());

  it.each([
    ['HEAD', '/who', 'who'],
    ['HEAD', '/all', 'all'],
    ['OPTIONS', '/options', 'options'],
    ['OPTIONS', '/all', 'all'],
    ['DELETE', '/all', 'all'],
  ])('is reached by %s %s as its tenant, and by nobody', async (method, path, handler) => {
    expect((await running.call(method, path)).status).toBe(400);
    expect((await running.call(method, path, { headers: { 'x-tenant-id': 'nobody' } })).status).toBe(404);
    expect(reached).toEqual([]);

    expect((await running.call(method, path, { headers: { 'x-tenant-id': 'acme' } })).status).toBeLessThan(300);
    expect(reached).toEqual([`${handler} acme`]);
  });

  it.each([
    [
      'that would be another protocol',
      ['Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'],
    ],
    ['that would be a socket', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']],
    ['that waits to be told to go on', ['Connection: close', 'Expect: 100-continue']],
  ])('is reached by a request %s as its tenant, and by nobody', async (_what, lines) => {
    const who = (...more: string[]) =>
      sendRaw(running.url, ['GET /who HTTP/1.1', 'Host: localhost', ...lines, ...more]);

    expect(await who()).toContain('HTTP/1.1 400');
    expect(reached).toEqual([]);
    expect(await who('X-Tenant-ID: acme')).toContain('{"id":"acme"}');
  });

  it('is reached by a request of HTTP/1.0, which needs no host', async () => {
    expect(await sendRaw(running.url, ['GET /who HTTP/1.0'])).toContain(' 400 ');
    expect(reached).toEqual([]);
    expect(await sendRaw(running.url, ['GET /who HTTP/1.0', 'X-Tenant-ID: acme'])).toContain('{"id":"acme"}');
  });

  it('has its tenant when who listens to its events leaves', async () => {
    const leaving = new AbortController();
    const headers = { 'x-tenant-id': 'acme' };
    const { body } = await fetch(`${running.url}/events`, { headers, signal: leaving.signal });
    const { value } = await body!.getReader().read();
    leaving.abort();

    expect(Buffer.from(value).toString()).toContain('data: acme');
    await expect.poll(() => reached).toEqual(['left as acme']);
  });

  it('has its tenant in a module that is loaded when it is needed', async () => {
    for (const id of ['acme', 'globex', 'acme']) {
      expect((await running.call('GET', '/lazy', { headers: { 'x-tenant-id': id } })).body).toEqual({ id });
    }
  });

  it('has its tenant in providers that are made for the request, and for the tenant', async () => {
    ContextIdFactory.apply(new ByTenant());

    for (const id of ['acme', 'globex', 'acme']) {
      const { body } = await running.call('GET', '/scoped', { headers: { 'x-tenant-id': id } });
      expect(body).toEqual({ durable: `${id} ${id}`, request: id });
    }
  });
});

describe('a handler on Fastify with HTTP/2', () => {
  it.each([
    ['the authority', { ':authority': 'acme.example.com' }, { status: 200, body: { id: 'acme' } }],
    ['a header', { ':authority': 'example.com', 'x-tenant-id': 'acme' }, { status: 200, body: { id: 'acme' } }],
    ['nothing', { ':authority': 'example.com' }, { status: 400, body: { code: 'TENANT_REQUIRED' } }],
    ['two hosts', { ':authority': 'acme.example.com', host: 'globex.example.com' }, { status: 400 }],
    ['two', { ':authority': 'acme.example.com', 'x-tenant-id': 'globex' }, { status: 400 }],
  ])('has the tenant that is named by %s', async (_how, headers, expected) => {
    const app = await NestFactory.create(AppModule, new FastifyAdapter({ http2: true }), { logger: false });
    await app.listen(0, '127.0.0.1');
    const session = connectHttp2(await app.getUrl());
    const stream = session.request({ ':path': '/who', ...headers });
    const status = new Promise((resolve) => stream.on('response', (head) => resolve(head[':status'])));
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    session.close();
    const answer = { status: await status, body: JSON.parse(text) as unknown };
    await app.close();

    expect(answer).toMatchObject(expected);
  });
});

describe('an upload on Express', () => {
  it('has its tenant where it is said where the file goes, whose parts come when they come', async () => {
    const asked: unknown[] = [];
    const arrived = new Subject<string>();
    @Controller('files')
    class FilesController {
      @Post()
      @UseInterceptors(
        { intercept: (_context, next) => (arrived.next(String(currentId())), next.handle()) },
        FileInterceptor('file', {
          fileFilter: (_request, { originalname }, done) => {
            asked.push(`${originalname} of ${currentId()}`);
            done(null, true);
          },
        }),
      )
      upload(@UploadedFile() file: { size: number }, @CurrentTenant('id') id: string): unknown {
        return { id, size: file.size };
      }
    }
    @Module({ imports: [tenancy], controllers: [FilesController] })
    class FilesModule {}
    const { app, url } = await startApp(FilesModule);
    const currentId = (): string | undefined => app.get(TenantContext).tenantId;
    const upload = async (id: string): Promise<unknown> => {
      const headers = { 'x-tenant-id': id, 'content-type': 'multipart/form-data; boundary=b' };
      const sent = request(`${url}/files`, { method: 'POST', headers });
      const response = once(sent, 'response') as Promise<[IncomingMessage]>;
      const isThere = firstValueFrom(arrived.pipe(filter((one) => one === id)));
      sent.flushHeaders();
      await isThere;
      sent.write(`--b\r\ncontent-disposition: form-data; name="file"; filename="${id}.txt"\r\n\r\n`);
      sent.end('some text\r\n--b--\r\n');
      return json((await response)[0]);
    };

    expect(await Promise.all(['acme', 'globex'].map(upload))).toEqual([
      { id: 'acme', size: 9 },
      { id: 'globex', size: 9 },
    ]);
    await app.close();
    expect(new Set(asked)).toEqual(new Set(['acme.txt of acme', 'globex.txt of globex']));
  });
});
