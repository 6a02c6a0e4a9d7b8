import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { communicationEntities, communicationMigrations } from 'communication-schema';
import { TenancyModule, TypeOrmTenantStore } from 'nestjs-tenancy';
import { AccessModule } from './access/access.module.js';
import type { Environment } from './config/environment.js';
import { HealthModule } from './health/health.module.js';
import { RegisteredTenant } from './registry/registered-tenant.entity.js';
import { RegistryModule } from './registry/registry.module.js';
import { TenantsModule } from './tenants/tenants.module.js';

@Module({})
export class AppModule {
  static forRoot(environment: Environment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        // What was validated, and nothing else: no variable can be read past it.
        ConfigModule.forRoot({
          isGlobal: true,
          ignoreEnvFile: true,
          ignoreEnvVars: true,
          skipProcessEnv: true,
          load: [() => environment],
        }),
        TenancyModule.forRootAsync({
          inject: [ConfigService],
          useFactory: (config: ConfigService<Environment, true>) => ({
            store: ({ system }) => new TypeOrmTenantStore(system),
            // The registry serves all tenants and works for none: no request names one.
            resolvers: [],
            required: false,
            database: {
              url: config.get('DATABASE_URL', { infer: true }),
              poolSize: config.get('DATABASE_POOL_SIZE', { infer: true }),
              connectTimeoutMS: 10_000,
              applicationName: 'tenant-management',
              entities: [RegisteredTenant, ...communicationEntities],
              migrations: communicationMigrations,
              grantTo: config.get('TENANT_ROLES', { infer: true }),
            },
          }),
        }),
        RegistryModule,
        AccessModule,
        HealthModule,
        TenantsModule,
      ],
    };
  }
}
