import { CACHE_MANAGER, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import { DataSource, EntityManager } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { adapters, startApp } from '../../../test/support/start-app.js';
import { useTestDatabase } from '../../../test/support/test-database.js';
import { TenantContext } from './context/tenant-context.js';
import { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';
import { TenantDatabase } from './database/tenant-database.js';
import { CurrentTenant } from './decorators/current-tenant.decorator.js';
import { TenantConfigService } from './config/tenant-config.service.js';
import { TenantResolution } from './resolution/tenant-resolution.js';
import { TenantSchemaService } from './schemas/tenant-schema.service.js';
import type { TenancyModuleOptions, TenancyOptionsFactory } from './tenancy-options.interface.js';
import { TenancyOptionsError } from './tenancy.errors.js';
import { TenancyModule } from './tenancy.module.js';
import { InMemoryTenantStore } from './tenants/in-memory-tenant-store.js';
import { TenantService } from './tenants/tenant.service.js';
import { TypeOrmTenantStore } from './tenants/typeorm-tenant-store.js';

const TENANTS = [
  { id: 'acme', schema: 't_acme' },
  { id: 'globex', schema: 't_globex' },
] as const;

@Injectable()
class Settings {
  readonly tenants = TENANTS;
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class Options implements TenancyOptionsFactory {
  constructor(private readonly settings: Settings) {}

  async createTenancyOptions(): Promise<TenancyModuleOptions> {
    return { store: new InMemoryTenantStore(this.settings.tenants) };
  }
}

@Module({ imports: [SettingsModule], providers: [Options], exports: [Options] })
class OptionsModule {}

@Controller()
class WhoController {
  @Get('who')
  who(@CurrentTenant('id') id: string): string {
    return id;
  }
}

describe('the options', () => {
  const withDatabase = false;

  it.each([
    ['forRoot', TenancyModule.forRoot({ store: new InMemoryTenantStore(TENANTS) })],
    [
      'useFactory',
      TenancyModule.forRootAsync({
        imports: [SettingsModule],
        inject: [Settings],
        useFactory: async ({ tenants }: Settings) => ({ store: new InMemoryTenantStore(tenants) }),
        withDatabase,
      }),
    ],
    ['useClass', TenancyModule.forRootAsync({ imports: [SettingsModule], useClass: Options, withDatabase })],
    ['useExisting', TenancyModule.forRootAsync({ imports: [OptionsModule], useExisting: Options, withDatabase })],
  ])('may be given by %s', async (_how, tenancy) => {
    @Module({ imports: [tenancy], controllers: [WhoController] })
    class AppModule {}

    const running = await startApp(AppModule);
    const { text } = await running.call('GET', '/who', { headers: { 'x-tenant-id': 'globex' } });
    await running.app.close();

    expect(text).toBe('globex');
  });

  it('need a store', async () => {
    const building = Test.createTestingModule({ imports: [TenancyModule.forRoot({} as never)] });

    await expect(building.compile()).rejects.toThrow(TenancyOptionsError);
  });

  it('that come later and have no database must say so', async () => {
    const tenancy = TenancyModule.forRootAsync({ useFactory: () => ({ store: new InMemoryTenantStore(TENANTS) }) });

    await expect(Test.createTestingModule({ imports: [tenancy] }).compile()).rejects.toThrow('`withDatabase: false`');
  });

  it('whose store reads the database need one', async () => {
    const tenancy = TenancyModule.forRoot({ store: ({ system }) => new TypeOrmTenantStore(system) });

    await expect(Test.createTestingModule({ imports: [tenancy] }).compile()).rejects.toThrow('`database` is missing');
  });
});

describe('the module', () => {
  const tenancy = { store: new InMemoryTenantStore(TENANTS) };

  @Injectable()
  class Consumer {
    constructor(
      readonly tenants: TenantService,
      readonly context: TenantContext,
      readonly config: TenantConfigService,
      readonly resolution: TenantResolution,
    ) {}
  }

  @Module({ providers: [Consumer], exports: [Consumer] })
  class FeatureModule {}

  it('is there for every module', async () => {
    @Module({ imports: [TenancyModule.forRoot(tenancy), FeatureModule] })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const consumer = app.get(Consumer);
    await app.close();

    expect(consumer.tenants).toBeInstanceOf(TenantService);
    expect(consumer.context).toBeInstanceOf(TenantContext);
    expect(consumer.config).toBeInstanceOf(TenantConfigService);
    expect(consumer.resolution).toBeInstanceOf(TenantResolution);
  });

  it('is there for those alone who import it, where it is not to be global', async () => {
    const local = TenancyModule.forRoot({ ...tenancy, isGlobal: false });
    const elsewhere = Test.createTestingModule({ imports: [local, FeatureModule] });
    const here = Test.createTestingModule({ imports: [local], providers: [Consumer] });

    await expect(elsewhere.compile()).rejects.toThrow("Nest can't resolve dependencies of the Consumer");
    expect((await here.compile()).get(Consumer).context).toBeInstanceOf(TenantContext);
  });

  it.each(adapters)('meets every request all the same: %s', async (adapter) => {
    @Module({ controllers: [WhoController] })
    class WhoModule {}

    @Module({ imports: [TenancyModule.forRoot({ ...tenancy, isGlobal: false }), WhoModule] })
    class AppModule {}

    const running = await startApp(AppModule, adapter);
    const answers = [
      await running.call('GET', '/who'),
      await running.call('GET', '/who', { headers: { 'x-tenant-id': 'acme' } }),
    ];
    await running.app.close();

    expect(answers.map(({ status }) => status)).toEqual([400, 200]);
  });
});

describe('an application without our database', () => {
  it('keeps a DataSource of its own', async () => {
    const own = { isInitialized: true };

    @Injectable()
    class Repository {
      constructor(
        @Inject(DataSource) readonly dataSource: unknown,
        readonly context: TenantContext,
      ) {}
    }

    @Module({
      imports: [TenancyModule.forRoot({ store: new InMemoryTenantStore(TENANTS) })],
      providers: [{ provide: DataSource, useValue: own }, Repository],
    })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect(app.get(Repository).dataSource).toBe(own);
    for (const token of [TenantDatabase, TenantSchemaService, EntityManager]) expect(() => app.get(token)).toThrow();
    expect(app.get(TenantDataSourceFactory)).toBeNull();
    await app.close();
  });
});

describe('an application with our database', () => {
  const database = useTestDatabase();

  it('has it in every module, and lets it go when it ends', async () => {
    @Module({
      imports: [
        TenancyModule.forRootAsync({
          useFactory: () => ({ store: new InMemoryTenantStore(TENANTS), database: { url: database.appUrl } }),
        }),
      ],
    })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const connections = async () =>
      (await database.query('SELECT 1 FROM pg_stat_activity WHERE usename = $1', [database.appRole])).length;

    expect(app.get(DataSource)).toBe(app.get(TenantDataSourceFactory).dataSource);
    expect(app.get(TenantDatabase)).toBeInstanceOf(TenantDatabase);
    expect(app.get(TenantSchemaService)).toBeInstanceOf(TenantSchemaService);
    expect(await connections()).toBeGreaterThan(0);
    await app.close();
    await expect.poll(connections).toBe(0);
  });

  it('may keep its tenants there', async () => {
    await database.query(`
      CREATE TABLE tenants (
        id text, name text, schema text, status text, domains text[], plan text, config jsonb, database text, metadata jsonb
      )`);
    await database.query(`INSERT INTO tenants (id, schema) VALUES ('acme', 't_acme')`);
    await database.query(`GRANT SELECT ON tenants TO ${database.appRole}`);

    @Module({
      imports: [
        TenancyModule.forRoot({
          store: ({ system }) => new TypeOrmTenantStore(system),
          database: { url: database.appUrl },
        }),
      ],
    })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    expect((await app.get(TenantService).getTenant('acme')).schema).toBe('t_acme');
    await app.close();
  });
});

describe('an application with a global cache', () => {
  it('shares what it knows of tenants there', async () => {
    @Module({
      imports: [
        CacheModule.register({ isGlobal: true }),
        TenancyModule.forRoot({ store: new InMemoryTenantStore(TENANTS) }),
      ],
    })
    class AppModule {}

    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    await app.get(TenantService).getTenant('acme');
    const cache = app.get<{ get(key: string): Promise<unknown> }>(CACHE_MANAGER);

    expect(await cache.get('tenancy:tenant:id:acme')).toMatchObject({ tenant: { id: 'acme', schema: 't_acme' } });
    await app.close();
  });
});
