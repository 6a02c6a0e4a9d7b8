import { setTimeout } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { TenantDatabase } from 'nestjs-tenancy';
import { ProblemException } from 'problem-details';
import type { Environment } from '../config/environment.js';
import { Slots } from './slots.js';

const WAIT_MS = 5_000;
const RETRY_MS = 50;
const AT_ONCE = 2;

/**
 * Lets one request at a time create or delete a tenant, over all instances of the service. The lock is a transaction's:
 * it ends with the process that holds it, whatever way that ends.
 */
@Injectable()
export class TenantLock {
  private readonly slots: Slots;

  constructor(
    private readonly database: TenantDatabase,
    config: ConfigService<Environment, true>,
  ) {
    // Whoever has the lock has one connection for it and needs another one for its work. Were there as many of them as
    // the pool, or a pooler behind it, has connections, all would wait for the second one.
    this.slots = new Slots(Math.min(AT_ONCE, Math.floor(config.get('DATABASE_POOL_SIZE', { infer: true }) / 2)));
  }

  /** Runs work while nobody else creates or deletes this tenant; a 409 where others do for more than five seconds. */
  async run<T>(id: string, work: () => Promise<T>): Promise<T> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      const done = await this.slots.run(() => this.tryOnce(id, work));
      if (done) return done.result;
      if (Date.now() > deadline) {
        throw new ProblemException(409, 'TENANT_BUSY', `The tenant "${id}" is being created or deleted. Try again.`);
      }
      // Between two tries it holds neither a slot nor a connection.
      await setTimeout(RETRY_MS);
    }
  }

  private async tryOnce<T>(id: string, work: () => Promise<T>): Promise<{ result: T } | undefined> {
    return this.database.systemSession(async (manager) => {
      const [{ locked }] = await manager.query<[{ locked: boolean }]>(
        'SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked',
        [`tenant-management:${id}`],
      );
      return locked ? { result: await work() } : undefined;
    });
  }
}
