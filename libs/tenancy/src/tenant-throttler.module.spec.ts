import type { DynamicModule, Type } from '@nestjs/common';
import { Controller, Get, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { Throttle, ThrottlerModule } from '@nestjs/throttler';
import { describe, expect, it } from 'vitest';
import { adapters, startApp } from '../../../test/support/start-app.js';
import { TenantThrottlerGuard } from './limits/tenant-throttler.guard.js';
import { TenancyOptionsError } from './tenancy.errors.js';
import { TenancyModule } from './tenancy.module.js';
import { TenantThrottlerModule } from './tenant-throttler.module.js';
import { InMemoryTenantStore } from './tenants/in-memory-tenant-store.js';

const plans = { default: { limit: 2, ttl: 60_000 } };
const localTenancy = (): DynamicModule =>
  TenancyModule.forRoot({ store: new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]), isGlobal: false });

@Controller()
class WhoController {
  @Get('who')
  who(): string {
    return 'somebody';
  }
}

describe('limits beside a TenancyModule that is not global', () => {
  it('say at start how to reach it', async () => {
    const modules = [localTenancy(), TenantThrottlerModule.forRoot({ plans })];
    const starting = Test.createTestingModule({ imports: modules }).compile();

    await expect(starting).rejects.toThrow(TenancyOptionsError);
    await expect(starting).rejects.toThrow('forRootAsync({ imports: [tenancy], useFactory: () => ({ plans }) })');
  });

  it('say so too where the guard is alone', async () => {
    @Module({
      imports: [ThrottlerModule.forRoot([{ limit: 1, ttl: 60_000 }])],
      providers: [{ provide: APP_GUARD, useClass: TenantThrottlerGuard }],
    })
    class LimitsModule {}
    const starting = Test.createTestingModule({ imports: [localTenancy(), LimitsModule] }).compile();

    await expect(starting).rejects.toThrow(TenancyOptionsError);
  });

  it.each(adapters)('count for tenants once they import it: %s', async (adapter) => {
    const tenancy = localTenancy();
    const limits = TenantThrottlerModule.forRootAsync({ imports: [tenancy], useFactory: () => ({ plans }) });
    @Module({ imports: [tenancy, limits], controllers: [WhoController] })
    class AppModule {}

    const running = await startApp(AppModule, adapter);
    const statuses: number[] = [];
    for (let n = 0; n < 3; n += 1) {
      statuses.push((await running.call('GET', '/who', { headers: { 'x-tenant-id': 'acme' } })).status);
    }
    await running.app.close();

    expect(statuses).toEqual([200, 200, 429]);
  });
});

describe('a route with numbers of its own', () => {
  const controllerAt = (host: string): Type => {
    @Controller({ host })
    class ReportController {
      @Get('report')
      @Throttle({ default: { limit: 1, ttl: 60_000 } })
      report(): string {
        return host;
      }
    }
    return ReportController;
  };

  // Fastify has one route at a path, whatever the hosts.
  it('has a count of its own, also where only its host tells it from another', async () => {
    const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme' }]);
    @Module({
      imports: [TenancyModule.forRoot({ store }), TenantThrottlerModule.forRoot({ plans })],
      controllers: [controllerAt('127.0.0.1'), controllerAt('localhost')],
    })
    class AppModule {}

    const running = await startApp(AppModule);
    const statuses: number[] = [];
    for (const host of ['127.0.0.1', 'localhost', 'localhost']) {
      const url = running.url.replace('127.0.0.1', host);
      statuses.push((await fetch(`${url}/report`, { headers: { 'x-tenant-id': 'acme' } })).status);
    }
    await running.app.close();

    expect(statuses).toEqual([200, 200, 429]);
  });
});
