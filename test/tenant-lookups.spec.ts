import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { Controller, Get, Module } from '@nestjs/common';
import type { Tenant } from 'nestjs-tenancy';
import {
  CurrentTenant,
  HttpTenantStore,
  InMemoryTenantStore,
  TenancyModule,
  TenantContext,
  TenantService,
} from 'nestjs-tenancy';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';
import type { TestServer } from './support/tenant-server.js';
import { serveTenants, startServer } from './support/tenant-server.js';

describe('a look-up', () => {
  const request = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const store = new InMemoryTenantStore(['acme', 'globex'].map((id) => ({ id, schema: `t_${id}` })));
  const tenants = new TenantService(
    {
      findById: async (id) => {
        const before = [context.tenantId, context.isSystem, request.getStore()];
        await turn();
        seen.push([id, before, [context.tenantId, context.isSystem, request.getStore()]]);
        return store.findById(id);
      },
    },
    undefined,
    { ttl: 3_600_000, refreshAt: 0.5 },
  );
  const context = new TenantContext(tenants);
  const nobodys = [undefined, false, undefined];
  beforeEach(() => void seen.splice(0));

  it('runs in nobody’s scope, whoever set it off', async () => {
    const acme = await store.findById('acme');
    await request.run('a request', () => context.run(acme!, () => tenants.getTenant('globex')));
    await tenants.invalidate('globex');
    await context.runAsSystem(() => tenants.getTenant('globex'));

    expect(seen).toEqual([
      ['globex', nobodys, nobodys],
      ['globex', nobodys, nobodys],
    ]);
  });

  it('ahead of its time runs in nobody’s scope, and leaves that of the request as it is', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const acme = await store.findById('acme');
    await tenants.getTenant('globex');
    vi.setSystemTime(Date.now() + 3_000_000);
    seen.splice(0);
    await request.run('a request', () =>
      context.run(acme!, async () => {
        await tenants.getTenant('globex');
        expect([context.tenantId, request.getStore()]).toEqual(['acme', 'a request']);
      }),
    );
    vi.useRealTimers();

    await vi.waitFor(() => expect(seen).toEqual([['globex', nobodys, nobodys]]));
  });
});

describe.each(adapters)('a tenant management service that is gone, on %s', (adapter) => {
  let registry: TestServer;
  let running: RunningApp;
  beforeEach(async () => {
    registry = await startServer(serveTenants(new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }])));

    @Controller()
    class WhoController {
      @Get('who')
      who(@CurrentTenant() tenant: Tenant): string {
        return tenant.id;
      }
    }

    @Module({
      imports: [
        TenancyModule.forRoot({
          store: new HttpTenantStore({ baseUrl: registry.url }),
          cache: { ttl: 0, breakerFailures: 3, retryAfter: 30_000 },
        }),
      ],
      controllers: [WhoController],
    })
    class AppModule {}
    running = await startApp(AppModule, adapter);
  });
  afterEach(async () => {
    await running.app.close();
    await registry.close().catch(() => undefined);
  });
  const who = (id: string) => running.call('GET', '/who', { headers: { 'x-tenant-id': id } });

  it('leaves known tenants as they were; unknown ones are told when to come back, and cost it nothing', async () => {
    expect((await who('acme')).text).toBe('acme');
    await registry.close();
    for (let n = 0; n < 5; n += 1) await who(`nobody-${n}`);
    const tenants = running.app.get(TenantService);
    const { calls } = tenants.metrics().store;

    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => who(`somebody-${n}`)));
    for (const { status, headers, body } of answers) {
      expect([status, headers.get('content-type'), body.code]).toEqual([
        503,
        'application/problem+json; charset=utf-8',
        'TENANT_SERVICE_UNAVAILABLE',
      ]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(1);
    }
    expect((await who('acme')).text).toBe('acme');
    expect(tenants.metrics()).toMatchObject({ breaker: 'open', store: { calls } });
  });
});
