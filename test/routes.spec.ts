import { Controller, Get, Module, VersioningType } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tenant } from 'nestjs-tenancy';
import {
  BypassTenancy,
  CurrentTenant,
  HeaderTenantResolver,
  InMemoryTenantStore,
  PathTenantResolver,
  TenancyModule,
  TenantContext,
} from 'nestjs-tenancy';
import type { RunningApp } from './support/start-app.js';
import { adapters, startApp } from './support/start-app.js';

const tenants = [
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
  { id: 'dormant', schema: 't_dormant', status: 'suspended' },
] as const;

class BrokenStore extends InMemoryTenantStore {
  override async findById(id: string): Promise<Tenant | undefined> {
    if (id === 'unreachable') throw new Error('The store is down.');
    return super.findById(id);
  }
}

describe.each(adapters)('a route that belongs to no tenant, on %s', (adapter) => {
  @Controller()
  class AppController {
    constructor(private readonly context: TenantContext) {}

    @Get('open')
    @BypassTenancy()
    open(): unknown {
      return { id: this.context.tenantId ?? null };
    }

    @Get(['health', 'docs', 'docs/pages/one', 'who/health'])
    excluded(): unknown {
      return this.open();
    }
  }

  @Controller('all-open')
  @BypassTenancy()
  class OpenController {
    constructor(private readonly context: TenantContext) {}

    @Get()
    open(): unknown {
      return { id: this.context.tenantId ?? null };
    }
  }

  @Controller('of-open')
  class OfOpenController extends OpenController {
    @Get('own')
    own(@CurrentTenant('id') id: string): unknown {
      return { id };
    }
  }

  @Controller('of-app')
  class OfAppController extends AppController {}

  @Module({
    imports: [TenancyModule.forRoot({ store: new BrokenStore(tenants), exclude: ['/health', '/docs*'] })],
    controllers: [AppController, OpenController, OfOpenController, OfAppController],
  })
  class OpenModule {}

  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(OpenModule, adapter);
  });
  afterAll(() => running.app.close());

  describe.each([
    ['marked', '/open'],
    ['in a marked controller', '/all-open'],
    ['inherited, and marked', '/of-app/open'],
    ['excluded', '/health'],
    ['excluded, with a query', '/health?verbose'],
    ['excluded by a wildcard', '/docs'],
    ['below a wildcard', '/docs/pages/one'],
  ])('%s', (_how, path) => {
    it('needs none', async () => {
      expect((await running.call('GET', path)).body).toEqual({ id: null });
    });

    it.each(['acme', 'nobody', 'dormant', 'NO ID', 'unreachable'])(
      'sees none where the request says %s',
      async (id) => {
        const { status, body } = await running.call('GET', path, { headers: { 'x-tenant-id': id } });

        expect([status, body]).toEqual([200, { id: null }]);
      },
    );
  });

  it('does not take its neighbours with it', async () => {
    expect((await running.call('GET', '/who/health')).body.code).toBe('TENANT_REQUIRED');
  });

  it.each(['/of-open', '/of-open/own'])('is not one by a controller that its own extends: %s', async (path) => {
    expect((await running.call('GET', path)).body.code).toBe('TENANT_REQUIRED');
    expect((await running.call('GET', path, { headers: { 'x-tenant-id': 'acme' } })).body).toEqual({ id: 'acme' });
  });

  it('is still itself with a slash at its end, where the router takes it', async () => {
    expect((await running.call('GET', '/health/')).status).toBe(adapter === 'Express' ? 200 : 404);
  });
});

describe.each(adapters)('a route on %s', (adapter) => {
  @Controller()
  class PlainController {
    @Get('who')
    who(@CurrentTenant('id') id: string): unknown {
      return { id };
    }

    @Get('unprefixed')
    unprefixed(@CurrentTenant('id') id: string): unknown {
      return { id };
    }
  }

  @Controller({ path: 'versioned', version: '2' })
  class VersionedController {
    @Get()
    who(@CurrentTenant('id') id: string): unknown {
      return { id };
    }
  }

  @Module({
    imports: [
      TenancyModule.forRoot({
        store: new InMemoryTenantStore(tenants),
        resolvers: [new HeaderTenantResolver(), new PathTenantResolver('/api/tenants/:tenantId')],
      }),
    ],
    controllers: [PlainController, VersionedController],
  })
  class PrefixedModule {}

  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(PrefixedModule, adapter, (app) => {
      app.setGlobalPrefix('api', { exclude: ['unprefixed'] });
      app.enableVersioning({ type: VersioningType.URI, defaultVersion: ['1', '2'] });
    });
  });
  afterAll(() => running.app.close());

  it.each(['/api/v1/who', '/api/v2/versioned', '/v1/unprefixed'])(
    'is met by tenancy behind a prefix and a version: %s',
    async (path) => {
      const named = await running.call('GET', path, { headers: { 'x-tenant-id': 'acme' } });
      const unnamed = await running.call('GET', path);

      expect([named.status, named.body]).toEqual([200, { id: 'acme' }]);
      expect([unnamed.status, unnamed.body.code]).toEqual([400, 'TENANT_REQUIRED']);
    },
  );
});

describe.each(adapters)('a module that requires no tenant, on %s', (adapter) => {
  @Controller()
  class OptionalController {
    @Get('who')
    who(@CurrentTenant('id') id: string): unknown {
      return { id };
    }

    @Get('anyone')
    anyone(): string {
      return 'anyone';
    }
  }

  @Module({
    imports: [TenancyModule.forRoot({ store: new InMemoryTenantStore(tenants), required: false })],
    controllers: [OptionalController],
  })
  class OptionalModule {}

  let running: RunningApp;
  beforeAll(async () => {
    running = await startApp(OptionalModule, adapter);
  });
  afterAll(() => running.app.close());

  it('serves a request that names none', async () => {
    expect((await running.call('GET', '/anyone')).text).toBe('anyone');
  });

  it('still refuses one that names a tenant that is none', async () => {
    expect((await running.call('GET', '/anyone', { headers: { 'x-tenant-id': 'nobody' } })).status).toBe(404);
  });

  it('does not make up a tenant for who asks for it', async () => {
    expect((await running.call('GET', '/who')).status).toBe(500);
  });
});
