import type { DynamicModule } from '@nestjs/common';
import { CacheModule } from '@nestjs/cache-manager';
import { Module } from '@nestjs/common';
import { TenancyModule } from 'nestjs-tenancy';
import { RequestDeadlines } from 'problem-details';
import { AuthModule } from './auth/auth.module.js';
import type { Environment } from './environment.js';
import { ENVIRONMENT } from './environment.js';
import { EnvironmentModule } from './environment.module.js';
import { HealthModule } from './health/health.module.js';
import { LimitsModule } from './limits/limits.module.js';
import { MessagesModule } from './messages/messages.module.js';
import { SendingModule } from './sending/sending.module.js';
import { SettingsController } from './settings/settings.controller.js';
import { cacheOptions } from './shared-cache.js';
import { TemplatesModule } from './templates/templates.module.js';
import { tenancyOptions } from './tenancy-options.js';
import { TenantController } from './tenant/tenant.controller.js';

@Module({})
export class AppModule {
  static with(environment: Environment): DynamicModule {
    return {
      module: AppModule,
      imports: [
        EnvironmentModule.with(environment),
        CacheModule.registerAsync({ isGlobal: true, inject: [ENVIRONMENT], useFactory: cacheOptions }),
        // Before TenancyModule: the claim must be there when the tenant is looked for.
        AuthModule,
        TenancyModule.forRootAsync({ inject: [ENVIRONMENT], useFactory: tenancyOptions }),
        LimitsModule,
        MessagesModule,
        TemplatesModule,
        SendingModule,
        HealthModule,
      ],
      controllers: [SettingsController, TenantController],
      providers: [RequestDeadlines],
    };
  }
}
