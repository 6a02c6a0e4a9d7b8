import { Controller, Get, Module, Param } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  PathTenantResolver,
  TenancyModule,
} from 'nestjs-tenancy';
import { sendLines } from './support/send.js';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

@Controller('tenants/:tenantId/who')
class WhoController {
  @Get()
  who(@Param('tenantId') param: string, @CurrentTenant('id') current: string): unknown {
    return { param, current };
  }
}

@Module({
  imports: [
    TenancyModule.forRoot({
      store: new InMemoryTenantStore([
        { id: 'acme', schema: 't_acme' },
        { id: 'globex', schema: 't_globex' },
      ]),
      resolvers: [new HeaderTenantResolver(), new PathTenantResolver()],
    }),
  ],
  controllers: [WhoController],
})
class AppModule {}

/** Ways to write one path that some router, proxy or parser reads as another. */
const targets = [
  '/tenants/globex/who',
  '/tenants/globex/who/',
  '/tenants/globex/who?',
  '/tenants/globex/who#',
  '/tenants/globex/who#/tenants/acme/who',
  '/tenants/globex/who?/tenants/acme/who',
  '/TENANTS/globex/WHO',
  '/%74enants/%67lobex/%77ho',
  '/tenants%2fglobex%2fwho',
  '//tenants/globex/who',
  '/tenants//globex/who',
  '/tenants/globex//who',
  '///tenants///globex///who',
  '/./tenants/globex/who',
  '/tenants/./globex/who',
  '/tenants/acme/../globex/who',
  '/tenants/acme/%2e%2e/globex/who',
  '/tenants/acme/..;/globex/who',
  '/tenants/globex;v=1/who',
  '/tenants/globex;/who',
  '/tenants/globex%20/who',
  '/tenants/globex%00/who',
  '/tenants/globex%2fwho',
  '/tenants\\globex\\who',
  '/tenants\\globex/who#',
  '/tenants/globex\\who#',
  '\\tenants\\globex\\who',
  'http://localhost/tenants/globex/who',
  'HTTP://localhost/tenants/globex/who',
  'http:///tenants/globex/who',
  'http://acme@localhost/tenants/globex/who',
  'http:\\\\localhost\\tenants\\globex\\who',
  'http:/tenants/globex/who',
  'http:tenants/globex/who',
  'x://localhost/tenants/globex/who',
  '//localhost/tenants/globex/who',
  'tenants/globex/who',
  '?/tenants/globex/who',
  '/tenants/globex/who%3F',
  '/tenants/\tglobex/who',
  '/tenants/globex\u00a0/who',
];

describe.each(adapters)('a path on %s', (adapter) => {
  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(AppModule, adapter);
  });
  afterAll(() => running.app.close());

  it.each(targets)('names no other tenant to the router than to us: %j', async (target) => {
    for (const id of ['acme', 'globex']) {
      const { status, text } = await sendLines(running.url, [`GET ${target} HTTP/1.1`, `X-Tenant-ID: ${id}`]);

      if (status !== 200) continue;
      const { param, current } = JSON.parse(text) as { param: string; current: string };
      expect({ param, current }).toEqual({ param: id, current: id });
    }
  });
});
