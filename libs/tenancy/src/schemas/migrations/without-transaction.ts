import { setTimeout as delay } from 'node:timers/promises';
import type { DataSource, QueryRunner } from 'typeorm';
import { QueryFailedError } from 'typeorm';
import { TenantSchemaError, UnsupportedStatementError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { tryLockSchema } from '../schema-lock.js';
import { hasOwnSchema, missingSchema } from '../schema-owner.js';
import { serverOf } from './fleet.js';
import { transaction } from './locked-transaction.js';

/** Runs a statement on a connection of its own, without a transaction: `TenantDatabase.outsideTransaction()`. */
export type OutsideQuery = (tenant: Tenant, sql: string, values: unknown[] | undefined) => Promise<object[]>;

const RETRY_AFTER = 50;
const NOT_IN_TRANSACTION = '25001';

/**
 * Runs migrations without a transaction of their own. Another one holds the lock on the schema meanwhile, and so two
 * connections are needed: one at a time on each server, so that not everybody waits for his second one.
 */
export class Unlocked {
  private readonly turns = new Map<string, Promise<unknown>>();

  constructor(
    private readonly systemOf: (server: string) => DataSource,
    private readonly forOwner: (tenant: Tenant) => DataSource,
    private readonly outside: OutsideQuery,
  ) {}

  async run<T>(tenant: Tenant, lockTimeout: number, work: (runner: QueryRunner) => Promise<T>): Promise<T> {
    const server = serverOf(tenant);
    const before = this.turns.get(server) ?? Promise.resolve();
    const turn = before.then(() => this.underLock(tenant, lockTimeout, work));
    this.turns.set(
      server,
      turn.catch(() => undefined),
    );
    return turn;
  }

  private async underLock<T>(
    tenant: Tenant,
    lockTimeout: number,
    work: (runner: QueryRunner) => Promise<T>,
  ): Promise<T> {
    // The system's own connection: the tenant may have one only.
    return transaction(this.systemOf(serverOf(tenant)), lockTimeout, async (guard) => {
      await waitForLock(tenant, lockTimeout, guard);
      if (!(await hasOwnSchema(tenant, guard))) throw missingSchema(tenant);
      // Else the server would end it, and the lock with it, while a long statement runs. It comes last and has no parameters:
      // the snapshot of a statement that has some is kept until the next one, and CREATE INDEX CONCURRENTLY waits for it.
      await guard.query('SET LOCAL idle_in_transaction_session_timeout TO 0');
      const runner = this.forOwner(tenant).createQueryRunner();
      try {
        return await work(this.withWayOut(tenant, runner));
      } finally {
        if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
        await runner.release();
      }
    });
  }

  /** What PostgreSQL runs in no transaction, not even in the one that binds it, goes another way. */
  private withWayOut(tenant: Tenant, runner: QueryRunner): QueryRunner {
    const query = runner.query.bind(runner) as (
      sql: string,
      values?: unknown[],
      structured?: boolean,
    ) => Promise<unknown>;
    return Object.assign(runner, {
      query: async (sql: string, values?: unknown[], structured?: boolean) => {
        try {
          return await query(sql, values, structured);
        } catch (error) {
          if (runner.isTransactionActive || structured || !isForOutside(error)) throw error;
          return this.outside(tenant, sql, values);
        }
      },
    });
  }
}

/**
 * Asks again and again. To wait in the server would be a statement under way, with a snapshot of its own, and CREATE INDEX
 * CONCURRENTLY of whoever has the lock waits for those.
 */
export async function waitForLock({ schema }: Tenant, lockTimeout: number, guard: QueryRunner): Promise<void> {
  const until = performance.now() + lockTimeout;
  while (!(await tryLockSchema(schema, guard))) {
    if (performance.now() > until) {
      throw new TenantSchemaError(
        schema,
        `Somebody else has been working on the schema ${schema} for ${lockTimeout} ms.`,
      );
    }
    await delay(RETRY_AFTER);
  }
}

function isForOutside(error: unknown): boolean {
  if (!(error instanceof QueryFailedError)) return false;
  const { driverError } = error;
  return (
    driverError instanceof UnsupportedStatementError || (driverError as { code?: string }).code === NOT_IN_TRANSACTION
  );
}
