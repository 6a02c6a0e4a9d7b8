import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import type { ClientHttp2Session, Http2ServerRequest } from 'node:http2';
import { connect } from 'node:http2';
import { Controller, Get, Module, Post, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { InMemoryTenantStore, TenancyModule, TenantContext } from 'nestjs-tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const heard: string[] = [];

@Controller()
class NotesController {
  private arrived!: () => void;
  readonly isWaiting = new Promise<void>((resolve) => (this.arrived = resolve));

  constructor(private readonly context: TenantContext) {}

  @Post('notes')
  async write(@Req() { raw }: { raw: Http2ServerRequest }): Promise<unknown> {
    const as = new Set<string | undefined>();
    raw.on('data', () => as.add(this.context.tenantId));
    await once(raw, 'end');
    return [...as, this.context.tenantId].map(String);
  }

  /** Its answer never comes: another one ends the connection. */
  @Get('waits')
  waits(@Req() { raw }: { raw: Http2ServerRequest }): Promise<unknown> {
    const mine = this.context.tenantId;
    for (const event of ['aborted', 'close']) {
      for (const [name, emitter] of Object.entries({ request: raw, stream: raw.stream })) {
        emitter.on(event, () => heard.push(`${name} ${event} of ${mine}: ${this.context.tenantId}`));
      }
    }
    this.arrived();
    return new Promise(() => undefined);
  }

  @Get('ends')
  async ends(@Req() { raw }: { raw: Http2ServerRequest }): Promise<void> {
    await this.isWaiting;
    raw.stream.session?.destroy();
  }
}

@Module({
  imports: [
    TenancyModule.forRoot({
      store: new InMemoryTenantStore([
        { id: 'acme', schema: 't_acme' },
        { id: 'globex', schema: 't_globex' },
      ]),
    }),
  ],
  controllers: [NotesController],
})
class AppModule {}

async function start() {
  const adapter = new FastifyAdapter({ http2: true });
  const app = await NestFactory.create(AppModule, adapter, { logger: false });
  // Leaves the body to the handler.
  adapter.getInstance().addContentTypeParser('text/plain', (_request, _body, done) => done(null));
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('what listens to a request of HTTP/2', () => {
  let app: Awaited<ReturnType<typeof start>>;
  let session: ClientHttp2Session;
  beforeAll(async () => {
    app = await start();
    session = connect((await app.getUrl()).replace('[::1]', '127.0.0.1'));
    session.on('error', () => undefined);
  });
  afterAll(async () => {
    session.destroy();
    await app.close();
  });

  it('hears of its body as its tenant, also where nothing says how long that is', async () => {
    const request = session.request({
      ':path': '/notes',
      ':method': 'POST',
      'x-tenant-id': 'acme',
      'content-type': 'text/plain',
    });
    await new Promise(setImmediate);
    request.write('a note');
    await new Promise(setImmediate);
    request.end(', in parts');
    let text = '';
    for await (const chunk of request) text += String(chunk);

    expect(JSON.parse(text)).toEqual(['acme', 'acme']);
  });

  it('hears of its end as its tenant, whoever of another has ended the connection', async () => {
    for (const [path, id] of [
      ['/waits', 'acme'],
      ['/ends', 'globex'],
    ]) {
      (session.request({ ':path': path, 'x-tenant-id': id }) as EventEmitter).on('error', () => undefined);
    }

    await expect.poll(() => heard.length).toBe(4);
    expect(heard.filter((line) => !line.endsWith(' of acme: acme'))).toEqual([]);
  });
});
