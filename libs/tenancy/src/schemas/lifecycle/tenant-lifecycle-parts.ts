import type { RegistryTable } from '../../tenants/registry-table.js';
import type { TenantIdValidator } from '../../tenants/tenant-id.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { ReadySchemas } from '../ready/ready-schemas.js';
import type { TenantSchemaService } from '../tenant-schema.service.js';

/** What the life of tenants is made of. */
export interface TenantLifecycleParts {
  readonly registry: RegistryTable;
  readonly schemas: Pick<TenantSchemaService, 'drop' | 'status'>;
  /** Gives a new tenant its schema: one that was ready, or one that is made by the name that the tenant has. */
  readonly ready: Pick<ReadySchemas, 'claim'>;
  readonly ids: TenantIdValidator;
  /** Whether a database server has that name. */
  readonly hasDatabase: (name: string) => boolean;
  /** Drops what is left of a tenant on other database servers than its own. */
  readonly eraseElsewhere?: (tenant: Tenant) => Promise<unknown>;
  /** Told of each change that is stored. */
  readonly onChange?: (id: string) => Promise<void>;
}
