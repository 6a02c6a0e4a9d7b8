import type { DynamicModule } from '@nestjs/common';
import { Controller, Get, Module } from '@nestjs/common';
import {
  CurrentTenant,
  DomainTenantResolver,
  HeaderTenantResolver,
  InMemoryTenantStore,
  SubdomainTenantResolver,
  TenancyModule,
} from 'nestjs-tenancy';
import { afterEach, describe, expect, it } from 'vitest';
import { sendLines } from './support/send.js';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

@Controller()
class WhoController {
  @Get('who')
  who(@CurrentTenant('id') id: string): unknown {
    return { id };
  }
}

function tenancyBehind(...proxies: string[]): DynamicModule {
  return TenancyModule.forRoot({
    store: new InMemoryTenantStore([
      { id: 'acme', schema: 't_acme', domains: ['mail.acme.test'] },
      { id: 'globex', schema: 't_globex' },
    ]),
    resolvers: [
      new SubdomainTenantResolver('example.com'),
      new DomainTenantResolver({ ignore: ['*.example.com', 'inner.test'] }),
    ],
    trustedHints: { proxies, resolvers: [new HeaderTenantResolver('X-Gateway-Tenant')], forwardedHost: true },
  });
}

@Module({ imports: [tenancyBehind('127.0.0.0/8')], controllers: [WhoController] })
class BehindGatewayModule {}

@Module({ imports: [tenancyBehind('10.1.2.3')], controllers: [WhoController] })
class BehindAnotherModule {}

describe.each(adapters)('on %s', (adapter) => {
  let running: RunningApp | undefined;
  afterEach(async () => running?.app.close());

  async function ask(module: typeof BehindGatewayModule, ...lines: string[]) {
    running = await startApp(module, adapter);
    const { status, text } = await sendLines(running.url, ['GET /who HTTP/1.1', 'Host: inner.test', ...lines]);
    // Fastify and Express frame a body in their own ways.
    const body = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as { id?: string; code?: string };
    return [status, body.id ?? body.code];
  }

  describe('a request that comes from the gateway', () => {
    it.each([
      ['its header', ['X-Gateway-Tenant: acme'], [200, 'acme']],
      ['the subdomain that it saw', ['X-Forwarded-Host: acme.example.com'], [200, 'acme']],
      ['the domain that it saw', ['X-Forwarded-Host: mail.acme.test'], [200, 'acme']],
      ['both', ['X-Gateway-Tenant: acme', 'X-Forwarded-Host: ACME.example.com:443'], [200, 'acme']],
      ['two tenants', ['X-Gateway-Tenant: acme', 'X-Forwarded-Host: globex.example.com'], [400, 'TENANT_CONFLICT']],
      ['a list of hosts', ['X-Forwarded-Host: acme.example.com, b.test'], [400, 'TENANT_ID_INVALID']],
      ['a header twice', ['X-Gateway-Tenant: acme', 'X-Gateway-Tenant: acme'], [400, 'TENANT_ID_INVALID']],
      ['nothing', [], [400, 'TENANT_REQUIRED']],
    ])('is answered by %s', async (_what, lines, expected) => {
      expect(await ask(BehindGatewayModule, ...lines)).toEqual(expected);
    });
  });

  describe('a request that comes from anywhere else', () => {
    it.each([
      ['the gateway’s header', ['X-Gateway-Tenant: acme']],
      ['the header of a tenant that is not there', ['X-Gateway-Tenant: nobody']],
      ['a forwarded host', ['X-Forwarded-Host: acme.example.com']],
      ['an address of the gateway', ['X-Gateway-Tenant: acme', 'X-Forwarded-For: 10.1.2.3', 'X-Real-IP: 10.1.2.3']],
    ])('is refused with %s', async (_what, lines) => {
      expect(await ask(BehindAnotherModule, ...lines)).toEqual([403, 'TENANT_HINT_UNTRUSTED']);
    });
  });
});
