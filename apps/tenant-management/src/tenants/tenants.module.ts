import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { AuditController } from '../audit/audit.controller.js';
import { AuditLog } from '../audit/audit-log.js';
import { ChangeStreams } from '../changes/change-streams.js';
import { ChangesController } from '../changes/changes.controller.js';
import { DatabaseAwayInterceptor } from '../registry/database-away.interceptor.js';
import { DomainsController } from './domains.controller.js';
import { ReadyStock } from './ready-stock.js';
import { TenantConfigController } from './tenant-config.controller.js';
import { TenantStatusController } from './tenant-status.controller.js';
import { TenantRegistry } from './tenant-registry.js';
import { TenantsController } from './tenants.controller.js';

@Module({
  controllers: [
    TenantsController,
    TenantStatusController,
    TenantConfigController,
    DomainsController,
    AuditController,
    ChangesController,
  ],
  providers: [
    TenantRegistry,
    ReadyStock,
    AuditLog,
    ChangeStreams,
    { provide: APP_INTERCEPTOR, useClass: DatabaseAwayInterceptor },
  ],
})
export class TenantsModule {}
