import { communicationEntities } from 'communication-schema';
import type { TenancyModuleOptions } from 'nestjs-tenancy';
import {
  ClaimTenantResolver,
  DomainTenantResolver,
  HeaderTenantResolver,
  HttpTenantStore,
  PathTenantResolver,
  QueryTenantResolver,
  SubdomainTenantResolver,
} from 'nestjs-tenancy';
import { mayActForAnyTenant } from './auth/principal.js';
import { PUBLIC_PATHS } from './auth/public-paths.js';
import type { Environment } from './environment.js';
import { defaultSettings } from './settings/default-settings.js';
import { settingKeys, settingsSchema } from './settings/settings.js';

/** All that the service says about tenancy; the rest of it asks for repositories, settings and the current tenant. */
export function tenancyOptions(environment: Environment): TenancyModuleOptions {
  const { TENANT_MANAGEMENT_URL, TENANT_MANAGEMENT_TOKEN, TENANT_BASE_DOMAIN } = environment;
  const { OWN_HOSTS = [], TENANT_CACHE_TTL_MS: ttl, TENANT_WATCH: watch } = environment;
  return {
    store: new HttpTenantStore({ baseUrl: TENANT_MANAGEMENT_URL, token: TENANT_MANAGEMENT_TOKEN }),
    resolvers: [
      new HeaderTenantResolver(),
      new QueryTenantResolver(),
      new PathTenantResolver('/tenants/:tenantId'),
      new SubdomainTenantResolver(TENANT_BASE_DOMAIN),
      new DomainTenantResolver({ ignore: [TENANT_BASE_DOMAIN, `*.${TENANT_BASE_DOMAIN}`, ...OWN_HOSTS] }),
      new ClaimTenantResolver('tenant', { mayActForAny: mayActForAnyTenant }),
    ],
    exclude: PUBLIC_PATHS,
    watch,
    cache: { ttl, negativeTtl: Math.min(ttl, 2_000) },
    config: {
      keys: settingKeys,
      schema: settingsSchema,
      defaults: defaultSettings(environment),
      encryption: { keys: environment.SETTINGS_KEYS ?? [] },
    },
    // The schemas are made and migrated by the tenant management service; nothing here may change them.
    database: {
      url: environment.DATABASE_URL,
      entities: communicationEntities,
      poolSize: environment.DATABASE_POOL_SIZE,
    },
  };
}
