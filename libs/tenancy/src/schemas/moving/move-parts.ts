import type { DataSource, QueryRunner } from 'typeorm';
import { TenantNotFoundError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { defineTenant } from '../../tenants/tenant.js';
import { NO_LIMITS } from '../contents/row-sql.js';
import { transaction } from '../migrations/locked-transaction.js';
import type { TenantDriftReport } from '../migrations/tenant-migrations-report.js';
import { waitForLock } from '../migrations/without-transaction.js';
import type { SchemaGrants } from '../schema-grants.js';

/** Who knows where tenants are. */
export interface MoveRegistry {
  /** Asks the registry itself, never a cache: what was true a moment ago would undo what was done since. */
  find(id: string): Promise<Tenant | undefined>;
  /** Places a tenant on another server, where it is on `from` still. */
  place(id: string, placement: { readonly database: string; readonly from: string }): Promise<unknown>;
  /** Forgets what is cached of a tenant. */
  forget(id: string): Promise<void>;
}

/** What tenants are moved with. */
export interface TenantMovesParts {
  readonly dataSource: DataSource;
  /** Works in a tenant's schema as the owner of what is in it. */
  readonly forOwner: (tenant: Tenant) => DataSource;
  /** Works on a named database server as the system. */
  readonly systemOf: (server: string) => DataSource;
  /** The names of all database servers. */
  readonly servers: readonly string[];
  readonly grants: SchemaGrants;
  readonly registry: MoveRegistry;
  readonly drift: (tenant: Tenant) => Promise<TenantDriftReport>;
  /** Drops a tenant's schema, and its role, on the server that it names. */
  readonly drop: (tenant: Tenant) => Promise<void>;
}

/** The same tenant on another server. */
export function placedOn(tenant: Tenant, database: string): Tenant {
  return defineTenant({ ...tenant, database });
}

export async function findTenant({ registry }: TenantMovesParts, id: string): Promise<Tenant> {
  const tenant = await registry.find(id);
  if (!tenant) throw new TenantNotFoundError(id);
  return defineTenant(tenant);
}

/**
 * Works while nobody else makes, migrates, moves or drops the schema of a tenant where it is. The lock is the server's, and
 * goes with the connection: who was killed leaves none.
 */
export async function guarded<T>(
  tenant: Tenant,
  system: DataSource,
  lockTimeout: number,
  work: (guard: QueryRunner) => Promise<T>,
): Promise<T> {
  return transaction(system, lockTimeout, async (guard) => {
    await waitForLock(tenant, lockTimeout, guard);
    for (const sql of NO_LIMITS) await guard.query(sql);
    return work(guard);
  });
}
