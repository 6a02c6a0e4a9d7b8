import { setTimeout } from 'node:timers/promises';
import { TenantChangeRefusedError } from '../../tenancy.errors.js';
import type { RegistryTable } from '../../tenants/registry-table.js';
import { Slots } from './slots.js';

const WAIT_MS = 5_000;
const RETRY_MS = 50;
const AT_ONCE = 2;

/**
 * Lets one at a time make or drop a tenant, over all instances. The lock is a transaction's: it ends with the process that
 * holds it, whatever way that ends.
 */
export class TenantLock {
  private readonly slots: Slots;

  constructor(private readonly registry: RegistryTable) {
    // Whoever has the lock has one connection for it and needs another one for its work. Were there as many of them as
    // the pool, or a pooler behind it, has connections, all would wait for the second one.
    this.slots = new Slots(Math.max(1, Math.min(AT_ONCE, Math.floor(registry.poolSize / 2))));
  }

  /** Runs work while nobody else makes or drops this tenant; refuses where others do for more than five seconds. */
  async run<T>(id: string, work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const done = await this.slots.run(() => this.tryOnce(id, work));
      if (done) return done.result;
      if (Date.now() > deadline) {
        throw new TenantChangeRefusedError(
          id,
          'TENANT_BUSY',
          `The tenant "${id}" is being created or deleted. Try again.`,
        );
      }
      // Between two tries it holds neither a slot nor a connection.
      await setTimeout(RETRY_MS);
    }
  }

  private async tryOnce<T>(id: string, work: () => Promise<T>): Promise<{ result: T } | undefined> {
    return this.registry.dataSource.transaction(async (manager) => {
      const [{ locked }] = await manager.query<[{ locked: boolean }]>(
        'SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended($1, 0)) AS locked',
        [`tenancy:tenant:${id}`],
      );
      if (!locked) return undefined;
      // It says nothing for as long as the work takes: a server that ended it for that would let another one in.
      await manager.query('SET LOCAL idle_in_transaction_session_timeout TO 0');
      return { result: await work() };
    });
  }
}
