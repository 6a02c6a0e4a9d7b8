import { Controller, Get, Module } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunningApp } from '../../../../test/support/start-app.js';
import { adapters, startApp } from '../../../../test/support/start-app.js';
import { TenancyModule } from '../tenancy.module.js';
import { InMemoryTenantStore } from '../tenants/in-memory-tenant-store.js';
import type { Tenant } from '../tenants/tenant.js';
import { BypassTenancy } from './bypass-tenancy.decorator.js';
import { CurrentTenant } from './current-tenant.decorator.js';

@Controller()
class AskingController {
  @Get('tenant')
  tenant(@CurrentTenant() tenant: Tenant): Tenant {
    return tenant;
  }

  @Get('properties')
  properties(@CurrentTenant('id') id: string, @CurrentTenant('config') config: Tenant['config']): unknown {
    return { id, config };
  }

  @Get('none')
  @BypassTenancy()
  none(@CurrentTenant('id') id: string): string {
    return id;
  }
}

const store = new InMemoryTenantStore([{ id: 'acme', schema: 't_acme', plan: 'gold', config: { colour: 'red' } }]);

@Module({ imports: [TenancyModule.forRoot({ store })], controllers: [AskingController] })
class AskingModule {}

describe.each(adapters)('a handler on %s', (adapter) => {
  let running: RunningApp;
  const headers = { 'x-tenant-id': 'acme' };
  beforeAll(async () => {
    running = await startApp(AskingModule, adapter);
  });
  afterAll(() => running.app.close());

  it('is given the tenant', async () => {
    expect((await running.call('GET', '/tenant', { headers })).body).toMatchObject({ id: 'acme', plan: 'gold' });
  });

  it('is given properties of it', async () => {
    expect((await running.call('GET', '/properties', { headers })).body).toEqual({
      id: 'acme',
      config: { colour: 'red' },
    });
  });

  it('fails where there is none', async () => {
    const { status, body } = await running.call('GET', '/none', { headers });

    expect([status, body.code]).toEqual([500, 'INTERNAL_ERROR']);
  });
});
