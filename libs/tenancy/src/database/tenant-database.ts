import type { DataSource, EntityManager } from 'typeorm';
import { runInScope } from '../context/tenancy-scope.js';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';

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
  constructor(
    private readonly dataSource: DataSource,
    private readonly lookUp: (id: string) => Promise<Tenant>,
  ) {}

  /**
   * A session of the current tenant, or of the tenant that is named: then the work runs as that tenant altogether, its
   * repositories too.
   */
  session<T>(work: Work<T>): Promise<T>;
  session<T>(tenant: Tenant | string, work: Work<T>): Promise<T>;
  async session<T>(first: Tenant | string | Work<T>, work?: Work<T>): Promise<T> {
    if (typeof first === 'function') return this.dataSource.transaction(first);
    const tenant = typeof first === 'string' ? await this.lookUp(first) : defineTenant(first);
    return runInScope({ tenant }, () => this.dataSource.transaction(work!));
  }

  /** A session of the system, in the schema `public`. */
  async systemSession<T>(work: Work<T>): Promise<T> {
    return runInScope({ system: true }, () => this.dataSource.transaction(work));
  }
}
