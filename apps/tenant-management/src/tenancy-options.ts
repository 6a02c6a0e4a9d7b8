import { communicationEntities, communicationMigrations } from 'communication-schema';
import type { TenancyModuleOptions } from 'nestjs-tenancy';
import { TenantLifecycleOptions, TypeOrmTenantStore } from 'nestjs-tenancy';
import type { Environment } from './config/environment.js';
import { RegisteredTenant } from './registry/registered-tenant.entity.js';

const DAY_MS = 86_400_000;

type Told = Pick<
  Environment,
  'DATABASE_URL' | 'DATABASE_POOL_SIZE' | 'TENANT_ROLES' | 'TENANT_DROP_GRACE_DAYS' | 'RESERVED_TENANT_IDS'
>;

/** Where the registry is, and the schemas that it makes. */
export function tenancyOptions({
  DATABASE_URL,
  DATABASE_POOL_SIZE,
  TENANT_ROLES,
  TENANT_DROP_GRACE_DAYS,
  RESERVED_TENANT_IDS,
}: Told): TenancyModuleOptions {
  return {
    store: ({ system }) => new TypeOrmTenantStore(system),
    // The registry serves all tenants and works for none: no request names one.
    resolvers: [],
    required: false,
    lifecycle: {
      dropGrace: TENANT_DROP_GRACE_DAYS * DAY_MS,
      reservedIds: [...new TenantLifecycleOptions().reservedIds, ...RESERVED_TENANT_IDS],
    },
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
