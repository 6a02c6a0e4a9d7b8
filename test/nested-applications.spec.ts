import type { MiddlewareConsumer, NestModule } from '@nestjs/common';
import { Controller, Get, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Request, RequestHandler, Response } from 'express';
import type { TenancyModuleOptions } from 'nestjs-tenancy';
import { HeaderTenantResolver, InMemoryTenantStore, TenancyModule, TenantContext } from 'nestjs-tenancy';
import { afterEach, describe, expect, it } from 'vitest';
import { startApp } from './support/start-app.js';

const outerTenants = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme_of_outer' }]);
const innerTenants = new InMemoryTenantStore([
  { id: 'acme', schema: 't_acme_of_inner' },
  { id: 'globex', schema: 't_globex_of_inner' },
]);

const ended: Array<string | undefined> = [];

@Controller('who')
class WhoController {
  constructor(private readonly context: TenantContext) {}

  @Get()
  who() {
    return { schema: this.context.schema ?? null };
  }

  @Post()
  listen(@Req() _request: Request, @Res({ passthrough: true }) response: Response) {
    response.on('finish', () => ended.push(this.context.schema));
    return this.who();
  }
}

/** An application that hands what is below /inner over to another one, each with tenants of its own. */
async function startNested(options: Partial<TenancyModuleOptions>, innerHeader: string) {
  @Module({
    imports: [TenancyModule.forRoot({ store: innerTenants, resolvers: [new HeaderTenantResolver(innerHeader)] })],
    controllers: [WhoController],
  })
  class InnerModule {}
  const inner = await NestFactory.create(InnerModule, new ExpressAdapter(), { logger: false });
  await inner.init();
  const handOver = inner.getHttpAdapter().getInstance() as RequestHandler;

  @Module({
    imports: [TenancyModule.forRoot({ store: outerTenants, ...options })],
    controllers: [WhoController],
  })
  class OuterModule implements NestModule {
    configure(consumer: MiddlewareConsumer): void {
      consumer
        .apply((request: Request, response: Response, next: () => void) => {
          request.url = request.originalUrl.replace('/inner', '');
          handOver(request, response, next);
        })
        .forRoutes('inner/{*rest}');
    }
  }
  const outer = await startApp(OuterModule, 'Express');
  return {
    ...outer,
    stop: async (): Promise<void> => {
      await outer.app.close();
      await inner.close();
    },
  };
}

describe('an application that is mounted in another one', () => {
  let running: Awaited<ReturnType<typeof startNested>>;
  afterEach(() => running?.stop());

  it('has the tenant that its own registry knows, also where both ask the same header', async () => {
    running = await startNested({}, 'X-Tenant-ID');
    const headers = { 'X-Tenant-ID': 'acme' };
    expect((await running.call('GET', '/who', { headers })).body).toEqual({ schema: 't_acme_of_outer' });
    expect((await running.call('GET', '/inner/who', { headers })).body).toEqual({ schema: 't_acme_of_inner' });
  });

  it('has the tenant that its own resolvers find', async () => {
    running = await startNested({}, 'X-Inner');
    const headers = { 'X-Tenant-ID': 'acme', 'X-Inner': 'globex' };
    expect((await running.call('GET', '/inner/who', { headers })).body).toEqual({ schema: 't_globex_of_inner' });
  });

  it.each([{ exclude: ['/inner/*'] }, { required: false }])(
    'refuses who names no tenant of its own, though the other one lets him pass: %j',
    async (options) => {
      running = await startNested(options, 'X-Inner');
      expect((await running.call('GET', '/inner/who')).status).toBe(400);
      const headers = { 'X-Inner': 'globex' };
      expect((await running.call('GET', '/inner/who', { headers })).body).toEqual({ schema: 't_globex_of_inner' });
    },
  );

  it('has listeners of the response that hear of its end as nobody: the other one’s are there too', async () => {
    running = await startNested({}, 'X-Inner');
    const headers = { 'X-Tenant-ID': 'acme', 'X-Inner': 'globex' };
    await running.call('POST', '/who', { headers });
    await running.call('POST', '/inner/who', { headers });
    expect(ended).toEqual(['t_acme_of_outer', undefined]);
  });
});
