import type { TenantStore } from 'nestjs-tenancy';
import { TenantConfigService, TenantContext, TenantService } from 'nestjs-tenancy';
import type { Environment } from '../environment.js';
import { tenancyOptions } from '../tenancy-options.js';

const TENANTS_PER_PAGE = 100;

/** What became of a tenant's secrets: which were encrypted anew, or why they could not be. */
export interface Reencrypted {
  readonly tenantId: string;
  readonly settings: readonly string[];
  readonly error?: string;
}

/**
 * Encrypts anew, with the first of SETTINGS_KEYS, every tenant's secrets that another one has encrypted. It may run again,
 * and beside the service. A tenant whose secrets cannot be read is told, and the others go on.
 */
export async function* reencryptSecrets(environment: Environment): AsyncGenerator<Reencrypted> {
  const { store, config } = tenancyOptions(environment);
  // What is read is what is stored now, never what a cache has of it.
  const tenants = new TenantService(store as TenantStore, undefined, { ttl: 0, staleTtl: 0 });
  const settings = new TenantConfigService(new TenantContext(tenants), tenants, undefined, config);
  for (let offset = 0, total = 1; offset < total; offset += TENANTS_PER_PAGE) {
    const page = await tenants.listTenants({ limit: TENANTS_PER_PAGE, offset });
    total = page.total;
    for (const { id } of page.tenants) {
      try {
        yield { tenantId: id, settings: await settings.reencrypt(id) };
      } catch (error) {
        yield { tenantId: id, settings: [], error: error instanceof Error ? error.message : String(error) };
      }
    }
  }
}
