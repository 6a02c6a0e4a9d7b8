import type {
  DynamicModule,
  MiddlewareConsumer,
  NestModule,
  OnApplicationShutdown,
  OnModuleInit,
} from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ModuleRef, ModulesContainer } from '@nestjs/core';
import { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';
import type { RepositoryEntity } from './database/repository-providers.js';
import { repositoryProviders } from './database/repository-providers.js';
import { guardFields } from './resolution/graphql-fields.js';
import { HttpEntry } from './resolution/http-entry.js';
import { TenantMiddleware } from './resolution/tenant.middleware.js';
import { ConfigurableModuleClass } from './tenancy.module-definition.js';

/**
 * Multi-tenancy for a Nest application. Global unless `isGlobal: false` is given.
 *
 * @example
 * TenancyModule.forRoot({
 *   store: new HttpTenantStore({ baseUrl: 'http://tenant-management:3001' }),
 *   resolvers: [new HeaderTenantResolver(), new SubdomainTenantResolver('example.com')],
 *   database: { url: process.env.DATABASE_URL, entities: [Message] },
 * })
 */
@Module({})
export class TenancyModule extends ConfigurableModuleClass implements NestModule, OnModuleInit, OnApplicationShutdown {
  private isMounted = false;

  constructor(private readonly modules: ModuleRef) {
    super();
  }

  /**
   * Makes repositories injectable with `@InjectRepository()` of @nestjs/typeorm. `TypeOrmModule.forFeature()` does the
   * same, and both follow the current tenant.
   */
  static forFeature(entities: readonly RepositoryEntity[]): DynamicModule {
    const providers = repositoryProviders(entities);
    return { module: TenancyFeatureModule, providers, exports: providers };
  }

  configure(consumer: MiddlewareConsumer): void {
    this.isMounted = this.modules.get(HttpEntry).mount(this);
    if (this.isMounted) return;
    // A name for the wildcard, and braces around it: without them "/" itself would be missed.
    consumer.apply(TenantMiddleware).forRoutes('{*splat}');
  }

  onModuleInit(): void {
    if (!this.isMounted) this.modules.get(HttpEntry).mountLast();
    // Once more, for resolvers that a factory made: there are none before.
    guardFields(this.modules.get(ModulesContainer, { strict: false }));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.modules.get<TenantDataSourceFactory | null>(TenantDataSourceFactory)?.destroy();
  }
}

/** Holds the repositories of one `forFeature()`. */
@Module({})
class TenancyFeatureModule {}
