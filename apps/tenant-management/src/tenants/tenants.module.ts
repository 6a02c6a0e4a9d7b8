import { Module } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import { DomainsController } from './domains.controller.js';
import { TenantConfigController } from './tenant-config.controller.js';
import { TenantLifecycle } from './tenant-lifecycle.js';
import { TenantLock } from './tenant-lock.js';
import { TenantRegistry } from './tenant-registry.js';
import { TenantsController } from './tenants.controller.js';

@Module({
  controllers: [TenantsController, TenantConfigController, DomainsController],
  providers: [TenantRegistry, TenantLifecycle, TenantLock, AuditLog],
})
export class TenantsModule {}
