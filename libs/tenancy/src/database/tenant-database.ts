import type { DataSource, EntityManager } from 'typeorm';
import { runInScope } from '../context/tenancy-scope.js';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';
import type { PlainQuery, PlainQueryRunner } from './outside/plain-query.js';

type Work<T> = (manager: EntityManager) => Promise<T>;
type PlainWork<T> = (query: PlainQuery) => Promise<T>;

/** How a work runs outside of a transaction. */
export interface OutsideTransactionOptions {
  /**
   * With the rights of the login role, which owns the tables, and not with those of the tenant's own role: for what makes
   * and changes tables where `isolation` is `'role'`. Never for what a tenant asks for. @defaultValue `false`
   */
  readonly asOwner?: boolean;
}

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
    private readonly outside: PlainQueryRunner,
  ) {}

  /**
   * A session of the current tenant, or of the tenant that is named: then the work runs as that tenant altogether, its
   * repositories too.
   */
  session<T>(work: Work<T>): Promise<T>;
  session<T>(tenant: Tenant | string, work: Work<T>): Promise<T>;
  async session<T>(first: Tenant | string | Work<T>, work?: Work<T>): Promise<T> {
    if (typeof first === 'function') return this.dataSource.transaction(first);
    const tenant = await this.find(first);
    return runInScope({ tenant }, () => this.dataSource.transaction(work!));
  }

  /** A session of the system, in the schema `public`. */
  async systemSession<T>(work: Work<T>): Promise<T> {
    return runInScope({ system: true }, () => this.dataSource.transaction(work));
  }

  /**
   * Runs what PostgreSQL does not run in a transaction: `CREATE INDEX CONCURRENTLY`, `VACUUM` and their like. Each
   * statement is sent as it is, and stored when it is done: there is nothing to roll back. The connection is not one of
   * the pool's but opened for the work, as the current tenant's or the named one's, and closed after it; no time limit
   * for statements applies to it. One work at a time runs on each database server, the next one waits. Throws
   * `UnsupportedStatementError` behind a pooler.
   *
   * @example
   * await database.outsideTransaction(
   *   'acme',
   *   (query) => query('CREATE INDEX CONCURRENTLY ON messages (sent_at)'),
   *   { asOwner: true },
   * );
   */
  outsideTransaction<T>(work: PlainWork<T>): Promise<T>;
  outsideTransaction<T>(tenant: Tenant | string, work: PlainWork<T>, options?: OutsideTransactionOptions): Promise<T>;
  async outsideTransaction<T>(
    first: Tenant | string | PlainWork<T>,
    work?: PlainWork<T>,
    { asOwner = false }: OutsideTransactionOptions = {},
  ): Promise<T> {
    if (typeof first === 'function') return this.outside.run(undefined, first);
    const tenant = await this.find(first);
    return asOwner ? this.outside.runAsOwner(tenant, work!) : this.outside.run(tenant, work!);
  }

  private async find(tenant: Tenant | string): Promise<Tenant> {
    return typeof tenant === 'string' ? this.lookUp(tenant) : defineTenant(tenant);
  }
}
