import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { TenancyModule } from 'nestjs-tenancy';
import { RequestDeadlines } from 'problem-details';
import { AccessModule } from './access/access.module.js';
import type { Environment } from './config/environment.js';
import { HealthModule } from './health/health.module.js';
import { RegistryModule } from './registry/registry.module.js';
import { tenancyOptions } from './tenancy-options.js';
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
        TenancyModule.forRootAsync({ useFactory: () => tenancyOptions(environment) }),
        RegistryModule,
        AccessModule,
        HealthModule,
        TenantsModule,
      ],
      providers: [RequestDeadlines],
    };
  }
}
