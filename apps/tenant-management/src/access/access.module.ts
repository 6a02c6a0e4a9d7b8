import { Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { APP_GUARD } from '@nestjs/core';
import type { Environment } from '../config/environment.js';
import { ServiceTokenGuard } from './service-token.guard.js';
import { ServiceTokens } from './service-tokens.js';

/** Who may call the service. */
@Module({
  providers: [
    {
      provide: ServiceTokens,
      inject: [ConfigService],
      useFactory: (config: ConfigService<Environment, true>) =>
        new ServiceTokens(config.get('SERVICE_TOKEN', { infer: true })),
    },
    { provide: APP_GUARD, useClass: ServiceTokenGuard },
  ],
})
export class AccessModule {}
