import type { Tenant } from '../../tenants/tenant.js';
import type { TenantMigrationResult } from '../migrations/tenant-migrations-report.js';

/** What every event of a tenant says. It is emitted by the process that made the change, when that is stored. */
export interface TenantEvent {
  readonly tenantId: string;
  /** As it is now; before it went, for `tenant.dropped`. */
  readonly tenant: Tenant;
  /** Who did it, as the audit trail has it. */
  readonly actor: string;
  readonly at: Date;
}

export interface TenantChangedEvent extends TenantEvent {
  /** What was changed: `name`, `plan`, `domains`, `metadata`, `database`. */
  readonly fields: readonly string[];
}

export interface TenantRenamedEvent extends TenantEvent {
  readonly previousName: string;
}

export interface TenantArchivedEvent extends TenantEvent {
  /** From when on it may be dropped. */
  readonly dropAfter: Date;
}

/**
 * What an application that imports EventEmitterModule of @nestjs/event-emitter hears, by the name of the event.
 *
 * @example
 * @OnEvent('tenant.suspended')
 * close({ tenantId }: TenantEvents['tenant.suspended']) { … }
 */
export interface TenantEvents {
  /** Its schema is complete, and it can be used. */
  readonly 'tenant.created': TenantEvent;
  readonly 'tenant.suspended': TenantEvent;
  readonly 'tenant.restored': TenantEvent;
  readonly 'tenant.archived': TenantArchivedEvent;
  /** Beside `tenant.changed`. */
  readonly 'tenant.renamed': TenantRenamedEvent;
  readonly 'tenant.changed': TenantChangedEvent;
  readonly 'tenant.dropped': TenantEvent;
  /** Migrations have run in its schema, or were reverted. Told by `TenantMigrations`, of each tenant. */
  readonly 'tenant.schema_migrated': TenantMigrationResult;
}

/** One event with its name. */
export type NamedTenantEvent = {
  [Name in keyof TenantEvents]: readonly [name: Name, event: TenantEvents[Name]];
}[keyof TenantEvents];
