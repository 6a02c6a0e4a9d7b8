import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import type { Tenant } from '../../tenants/tenant.js';
import { transaction } from '../migrations/locked-transaction.js';
import { waitForLock } from '../migrations/without-transaction.js';
import { hasOwnSchema } from '../schema-owner.js';
import { readMark, removeMark } from './move-mark.js';
import type { TenantMovesParts } from './move-parts.js';

/**
 * Drops what a move has made on the server that it went to, as long as the tenant does not work there. `guard` is who keeps
 * everybody else from going on with the move: where that was lost, nothing is dropped.
 */
export async function dropTarget(
  target: Tenant,
  parts: TenantMovesParts,
  lockTimeout: number,
  guard: QueryRunner,
): Promise<void> {
  await underLock(target, parts, lockTimeout, async (runner) => {
    // Under this lock: whoever goes on with the move compares under it, and finds out that there is nothing.
    await guard.query('SELECT 1');
    if (!(await hasOwnSchema(target, runner)) || (await readMark(target.schema, runner))?.role !== 'target') return;
    await runner.query(`DROP SCHEMA ${pg.escapeIdentifier(target.schema)} CASCADE`);
    await parts.grants.drop(target, runner);
  });
}

/** Lets the schema be one like any other: the registry knows it. */
export async function settleTarget(target: Tenant, parts: TenantMovesParts, lockTimeout: number): Promise<void> {
  await underLock(target, parts, lockTimeout, async (runner) => {
    if ((await readMark(target.schema, runner))?.role === 'target') await removeMark(target.schema, runner);
  });
}

async function underLock(
  tenant: Tenant,
  { forOwner }: TenantMovesParts,
  lockTimeout: number,
  work: (runner: QueryRunner) => Promise<void>,
): Promise<void> {
  await transaction(forOwner(tenant), lockTimeout, async (runner) => {
    await waitForLock(tenant, lockTimeout, runner);
    await work(runner);
  });
}
