import type { DataSource, QueryRunner } from 'typeorm';
import { runInScope } from '../../context/tenancy-scope.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { CopyIn, CopyOut } from './copy-protocol.js';
import type { CopyingSession } from './copy-rows.js';

/** What is done in a transaction, and whether it is to be kept. */
export interface Outcome<T> {
  readonly value: T;
  readonly isKept: boolean;
}

/** Another connection to the same server. */
export interface Asker {
  query(sql: string, values: unknown[]): Promise<unknown>;
}

export interface SessionTransaction {
  readonly isolation?: 'READ COMMITTED' | 'REPEATABLE READ';
  /** Statements that it begins with. */
  readonly settings?: readonly string[];
}

/** One connection in a tenant's schema, with the rights of its owner, for one transaction after another. */
export class OwnerSession implements CopyingSession {
  /** The server process of the transaction: a pooler may give the next one another. */
  private pid: number | undefined;

  private constructor(
    private readonly tenant: Tenant,
    readonly runner: QueryRunner,
    private readonly connection: { query(copy: CopyIn | CopyOut): unknown },
    /** Where to ask for the end of a statement that is at work: another connection to the same server. */
    private readonly other: Asker,
  ) {}

  static async within<T>(
    tenant: Tenant,
    view: DataSource,
    other: Asker,
    work: (session: OwnerSession) => Promise<T>,
  ): Promise<T> {
    const runner = view.createQueryRunner();
    try {
      const connection = (await runner.connect()) as { query(copy: CopyIn | CopyOut): unknown };
      return await work(new OwnerSession(tenant, runner, connection, other));
    } finally {
      await runner.release();
    }
  }

  /** Commits what is to be kept; takes everything else back, and what fails. */
  async transaction<T>(
    { isolation, settings = [] }: SessionTransaction,
    work: (runner: QueryRunner) => Promise<Outcome<T>>,
  ): Promise<T> {
    const { runner } = this;
    try {
      await runner.startTransaction(isolation);
      for (const sql of settings) await runner.query(sql);
      const [{ pid }] = await runner.manager.query<[{ pid: number }]>('SELECT pg_catalog.pg_backend_pid() AS pid');
      this.pid = pid;
      const { value, isKept } = await work(runner);
      if (isKept) await runner.commitTransaction();
      else await runner.rollbackTransaction();
      return value;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      this.pid = undefined;
    }
  }

  send(copy: CopyIn | CopyOut): void {
    // Past the query runner, which knows no COPY, and so in the scope that it would be in there.
    runInScope({ tenant: this.tenant, owner: true }, () => this.connection.query(copy));
  }

  async cancel(): Promise<void> {
    if (this.pid !== undefined) await this.other.query('SELECT pg_catalog.pg_cancel_backend($1)', [this.pid]);
  }
}
