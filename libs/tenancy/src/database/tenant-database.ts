import type { DataSource, EntityManager } from 'typeorm';
import type { Tenant } from '../tenants/tenant.js';
import type { TenantDataSourceFactory } from './tenant-data-source.factory.js';

type Work<T> = (manager: EntityManager) => Promise<T>;

/**
 * Several statements as one: a session is one connection and one transaction, committed when the work returns and rolled
 * back when it throws.
 *
 * @example
 * await database.session(async (manager) => {
 *   const message = await manager.save(Message, { body: 'Hello' });
 *   await manager.save(Attempt, { message });
 * });
 */
export class TenantDatabase {
  constructor(private readonly factory: TenantDataSourceFactory) {}

  /** A session of the current tenant, or of the tenant that is named. */
  session<T>(work: Work<T>): Promise<T>;
  session<T>(tenant: Tenant | string, work: Work<T>): Promise<T>;
  session<T>(first: Tenant | string | Work<T>, work?: Work<T>): Promise<T> {
    if (typeof first === 'function') return transaction(this.factory.dataSource, first);
    return transaction(this.factory.forTenant(first), work!);
  }

  /** A session of the system, in the schema `public`. */
  systemSession<T>(work: Work<T>): Promise<T> {
    return transaction(this.factory.system, work);
  }
}

function transaction<T>(dataSource: DataSource, work: Work<T>): Promise<T> {
  return dataSource.transaction(work);
}
