import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AuditLog } from '../audit/audit-log.js';
import { DatabaseAwayInterceptor } from '../registry/database-away.interceptor.js';
import { DomainsController } from './domains.controller.js';
import { TenantConfigController } from './tenant-config.controller.js';
import { TenantLifecycle } from './tenant-lifecycle.js';
import { TenantLock } from './tenant-lock.js';
import { TenantRegistry } from './tenant-registry.js';
import { TenantsController } from './tenants.controller.js';

@Module({
  controllers: [TenantsController, TenantConfigController, DomainsController],
  providers: [
    TenantRegistry,
    TenantLifecycle,
    TenantLock,
    AuditLog,
    { provide: APP_INTERCEPTOR, useClass: DatabaseAwayInterceptor },
  ],
})
export class TenantsModule {}
