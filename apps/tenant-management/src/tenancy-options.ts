import { communicationEntities, communicationMigrations } from 'communication-schema';
import type { TenancyModuleOptions } from 'nestjs-tenancy';
import { TypeOrmTenantStore } from 'nestjs-tenancy';
import type { Environment } from './config/environment.js';
import { RegisteredTenant } from './registry/registered-tenant.entity.js';

/** Where the registry is, and the schemas that it makes. */
export function tenancyOptions({
  DATABASE_URL,
  DATABASE_POOL_SIZE,
  TENANT_ROLES,
}: Pick<Environment, 'DATABASE_URL' | 'DATABASE_POOL_SIZE' | 'TENANT_ROLES'>): TenancyModuleOptions {
  return {
    store: ({ system }) => new TypeOrmTenantStore(system),
    // The registry serves all tenants and works for none: no request names one.
    resolvers: [],
    required: false,
    database: {
      url: DATABASE_URL,
      poolSize: DATABASE_POOL_SIZE,
      connectTimeoutMS: 10_000,
      applicationName: 'tenant-management',
      entities: [RegisteredTenant, ...communicationEntities],
      migrations: communicationMigrations,
      grantTo: TENANT_ROLES,
    },
  };
}
