import { connect } from 'node:net';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import type { MiddlewareConsumer, NestMiddleware, NestModule } from '@nestjs/common';
import type { EventEmitter } from 'node:events';
import { InMemoryTenantStore, TenancyModule, TenantContext } from 'nestjs-tenancy';
import { afterEach, describe, expect, it } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

const heard: string[] = [];
let running: RunningApp | undefined;
afterEach(async () => {
  heard.length = 0;
  await running?.app.close();
});

/** What an audit log does: it writes when the answer is out. */
@Injectable()
class AuditMiddleware implements NestMiddleware {
  constructor(private readonly tenants: TenantContext) {}

  use(request: { headers: Record<string, string> }, response: EventEmitter, next: () => void): void {
    for (const event of ['finish', 'close']) {
      response.on(event, () => heard.push(`${request.headers['x-tenant-id']} ${event}: ${this.tenants.tenantId}`));
    }
    next();
  }
}

@Controller('notes')
class NotesController {
  @Get()
  async list(): Promise<string[]> {
    await new Promise(setImmediate);
    return [];
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
class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(AuditMiddleware).forRoutes('{*splat}');
  }
}

describe.each(adapters)('requests of two tenants in one write to one connection, on %s', (adapter) => {
  it('each hear of the end of their answer as their own tenant', async () => {
    running = await startApp(AppModule, adapter);
    const { hostname, port } = new URL(running.url);
    const tenants = ['acme', 'globex', 'acme', 'globex', 'globex', 'acme'];
    const requests = tenants.map((tenant) => `GET /notes HTTP/1.1\r\nHost: x\r\nX-Tenant-ID: ${tenant}\r\n`);
    const last = requests.length - 1;
    const text = requests.map((head, n) => `${head}${n === last ? 'Connection: close\r\n' : ''}\r\n`).join('');
    await new Promise<void>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      socket
        .on('data', () => undefined)
        .on('close', () => resolve())
        .on('error', reject);
    });
    expect(heard.filter((line) => line.includes('finish'))).toHaveLength(tenants.length);
    expect(heard.filter((line) => !/^(\w+) \w+: \1$/.test(line))).toEqual([]);
  });
});
