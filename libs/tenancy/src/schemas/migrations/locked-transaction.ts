import type { DataSource, QueryRunner } from 'typeorm';
import type { Tenant } from '../../tenants/tenant.js';
import { lockSchema } from '../schema-lock.js';
import { hasOwnSchema, missingSchema } from '../schema-owner.js';

/** A transaction in a tenant's schema, under the lock of that; what is done in it is done whole or not at all. */
export async function lockedTransaction<T>(
  tenant: Tenant,
  view: DataSource,
  lockTimeout: number,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  return transaction(view, lockTimeout, async (runner) => {
    await lockSchema(tenant.schema, runner);
    if (!(await hasOwnSchema(tenant, runner))) throw missingSchema(tenant);
    return work(runner);
  });
}

export async function transaction<T>(
  view: DataSource,
  lockTimeout: number,
  work: (runner: QueryRunner) => Promise<T>,
): Promise<T> {
  const runner = view.createQueryRunner();
  try {
    await runner.startTransaction();
    await runner.query(`SET LOCAL lock_timeout TO ${lockTimeout}`);
    const result = await work(runner);
    await runner.commitTransaction();
    return result;
  } catch (error) {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    throw error;
  } finally {
    await runner.release();
  }
}
