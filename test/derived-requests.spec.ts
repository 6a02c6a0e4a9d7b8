import type { INestApplication } from '@nestjs/common';
import { Controller, Module, Post, Req, Res } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request, Response } from 'express';
import { json } from 'express';
import { InMemoryTenantStore, TenancyModule, TenantContext } from 'nestjs-tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

@Controller()
class ForwardingController {
  constructor(private readonly context: TenantContext) {}

  /** As a part of the application that is mounted elsewhere gets its request: the same one, with another address. */
  @Post('outer')
  outer(@Req() request: Request, @Res() response: Response): void {
    const inner = Object.create(request, { url: { value: '/inner', writable: true } }) as Request;
    json()(inner, response, () => response.send({ body: inner.body as unknown, id: this.context.tenantId }));
  }
}

@Module({
  imports: [TenancyModule.forRoot({ store: new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]) })],
  controllers: [ForwardingController],
})
class AppModule {}

describe('a request that inherits from another', () => {
  let app: INestApplication;
  beforeAll(async () => {
    app = await NestFactory.create(AppModule, { logger: false, bodyParser: false });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it('has its body read, as the same tenant', async () => {
    const answer = await fetch(`${(await app.getUrl()).replace('[::1]', '127.0.0.1')}/outer`, {
      method: 'POST',
      headers: { 'x-tenant-id': 'acme', 'content-type': 'application/json' },
      body: '{"a":1}',
    });

    expect(await answer.json()).toEqual({ body: { a: 1 }, id: 'acme' });
  });
});
