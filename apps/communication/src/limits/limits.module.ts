import { Module } from '@nestjs/common';
import { TenantThrottlerModule } from 'nestjs-tenancy/throttler';
import type { Environment } from '../environment.js';
import { ENVIRONMENT } from '../environment.js';
import { SharedCounts } from './shared-counts.js';

@Module({ providers: [SharedCounts], exports: [SharedCounts] })
class SharedCountsModule {}

/** How much a tenant may ask, by its plan, and an address that is nobody's. */
@Module({
  imports: [
    TenantThrottlerModule.forRootAsync({
      imports: [SharedCountsModule],
      inject: [ENVIRONMENT, SharedCounts],
      useFactory: (environment: Environment, { storage }: SharedCounts) => ({
        plans: environment.PLAN_REQUESTS_PER_MINUTE,
        address: environment.ADDRESS_REQUESTS_PER_MINUTE,
        // A flood by way of the balancer, which is not told of, must not make it take the service for dead.
        exclude: ['/health'],
        storage,
      }),
    }),
  ],
})
export class LimitsModule {}
