import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { TenancyError, TenantMoveError, TenantServiceUnavailableError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { OwnerSession } from '../contents/owner-session.js';
import { NO_LIMITS, TEXT_SETTINGS } from '../contents/row-sql.js';
import { readContents } from '../contents/schema-contents.js';
import { readExecuted } from '../migrations/executed-migrations.js';
import { serverOf } from '../migrations/fleet.js';
import { KnownMigrations } from '../migrations/known-migrations.js';
import { waitForLock } from '../migrations/without-transaction.js';
import { compareContents, copyContents, inSnapshot } from './copy-contents.js';
import { assertFrozen, freeze, unfreeze } from './frozen-schema.js';
import { assertFree, assertMovable, assertNoDrift, assertSameGround } from './move-checks.js';
import type { MoveMark } from './move-mark.js';
import type { TenantMovesParts } from './move-parts.js';
import { findTenant, guarded, placedOn } from './move-parts.js';
import { findPlace } from './move-places.js';
import { dropTarget, settleTarget } from './settle-target.js';
import { makeTarget } from './target-schema.js';
import type { CompleteMoveOptions } from './tenant-move-options.js';
import type { TenantMoveReport, TenantMoveTable } from './tenant-move-report.js';

/** What an earlier try has left. */
interface Begun {
  readonly here: MoveMark | undefined;
  readonly there: MoveMark | undefined;
  readonly executed: readonly string[];
}

/** One move of one tenant: from the checks to the moment in which the registry knows it. */
export class MoveRun {
  private readonly from: string;
  /** The tenant where it is moved to. */
  private readonly target: Tenant;
  private frozenAt: number | undefined;
  private isBegunBefore = false;

  constructor(
    private readonly parts: TenantMovesParts,
    private readonly tenant: Tenant,
    private readonly options: CompleteMoveOptions,
  ) {
    this.from = serverOf(tenant);
    this.target = placedOn(tenant, options.to);
  }

  async run(): Promise<TenantMoveReport> {
    const { parts, tenant, from, options } = this;
    const start = performance.now();
    return guarded(tenant, parts.systemOf(from), options.lockTimeout, async (guard) => {
      const begun = await this.check(guard);
      this.isBegunBefore = begun.here !== undefined;
      const isCopied = begun.here !== undefined && begun.here.token === begun.there?.token;
      if (options.dryRun) await this.prepare(guard, begun);
      else {
        const tables = await this.undoing(guard, begun, async () => {
          if (isCopied) await this.compareAgain(guard, begun);
          return isCopied ? [] : this.prepare(guard, begun);
        });
        await this.place(guard);
        return this.report(isCopied ? 'resumed' : 'moved', tables, start);
      }
      return this.report('checked', [], start);
    });
  }

  private async check(guard: QueryRunner): Promise<Begun> {
    const { parts, from, options } = this;
    const { to, onEvent } = options;
    // Once more, under the lock: another one may have moved it meanwhile.
    const tenant = await findTenant(parts, this.tenant.id);
    if (serverOf(tenant) !== from || tenant.schema !== this.tenant.schema) {
      throw new TenantMoveError(tenant.id, 'unchanged', `it is on the database server ${serverOf(tenant)} now.`);
    }
    const here = await findPlace(tenant, from, guard.manager);
    assertMovable(tenant, here, to);
    const there = await findPlace(tenant, to, parts.systemOf(to));
    assertFree(tenant, there, to);
    await assertSameGround(tenant, parts.forOwner(tenant), parts.forOwner(this.target), to);
    assertNoDrift(tenant, await parts.drift(tenant));
    const { table } = new KnownMigrations(parts.dataSource);
    const [{ executed }] = await readExecuted(parts.systemOf(from), [tenant], table);
    const mark = here?.mark?.role === 'source' ? here.mark : undefined;
    onEvent?.({ type: 'checked' });
    return { here: mark, there: there?.mark, executed };
  }

  /** Makes the schema on the other server, and fills it, in one transaction there: who is killed leaves nothing of it. */
  private async prepare(guard: QueryRunner, { here, there, executed }: Begun): Promise<TenantMoveTable[]> {
    const { parts, tenant, target, from, options } = this;
    const { to, dryRun, lockTimeout, freezeTimeout, signal, onEvent } = options;
    const since = here?.since ?? new Date().toISOString();
    const mark: MoveMark = { role: 'source', token: randomUUID(), from, to, since };
    const maker = { ...parts, known: new KnownMigrations(parts.dataSource) };
    return this.sessions(guard, (source, other) =>
      other.transaction({ settings: NO_LIMITS }, async (runner) => {
        await waitForLock(target, lockTimeout, runner);
        if (there) await runner.query(`DROP SCHEMA ${pg.escapeIdentifier(tenant.schema)} CASCADE`);
        await makeTarget(target, executed, { ...mark, role: 'target' }, runner, maker);
        onEvent?.({ type: 'prepared' });
        if (dryRun) return { value: [], isKept: false };
        this.frozenAt = performance.now();
        await freeze(tenant, mark, source, freezeTimeout, signal);
        onEvent?.({ type: 'frozen' });
        return { value: await copyContents(tenant, { source, target: other }, options), isKept: true };
      }),
    );
  }

  /** An earlier try has copied everything, and nobody could write since. */
  private async compareAgain(guard: QueryRunner, { here }: Begun): Promise<void> {
    const { tenant, target, options } = this;
    this.frozenAt = performance.now() - (Date.now() - Date.parse(here!.since));
    await this.sessions(guard, (source, other) =>
      other.transaction({ settings: [...NO_LIMITS, ...TEXT_SETTINGS] }, async (runner) => {
        await waitForLock(target, options.lockTimeout, runner);
        await inSnapshot(source, async (reader) => {
          await compareContents(tenant, await readContents(tenant.schema, reader), reader, runner);
        });
        options.onEvent?.({ type: 'compared' });
        return { value: undefined, isKept: false };
      }),
    );
  }

  private async place(guard: QueryRunner): Promise<void> {
    const { parts, tenant, target, from, options } = this;
    const { to, lockTimeout, signal, onEvent } = options;
    await this.undoing(guard, undefined, async () => {
      signal?.throwIfAborted();
      // Who has lost the lock must not go on: another one may be undoing it. And what was written since would stay here.
      await assertFrozen(tenant, guard);
    });
    try {
      await parts.registry.place(tenant.id, { database: to, from });
    } catch (error) {
      await this.notPlaced(guard, error);
    }
    await guard.query('SELECT 1').catch(() => this.assertThere());
    await parts.registry.forget(tenant.id);
    try {
      onEvent?.({ type: 'placed' });
    } finally {
      // The tenant works there already: where this fails, confirm() does it.
      await settleTarget(target, parts, lockTimeout).catch(() => undefined);
    }
  }

  /** The lock was lost while the registry was told. Whoever had it then may have undone what it knows now. */
  private async assertThere(): Promise<void> {
    const { parts, tenant, from, options } = this;
    if (await findPlace(tenant, options.to, parts.systemOf(options.to))) return;
    await parts.registry.place(tenant.id, { database: from, from: options.to });
    throw new TenantMoveError(tenant.id, 'unchanged', 'somebody undid its move before the registry knew of it.');
  }

  /** The registry gave no good answer. Whether it has it nevertheless, it says itself. */
  private async notPlaced(guard: QueryRunner, error: unknown): Promise<void> {
    const { parts, tenant, options } = this;
    const now = await parts.registry.find(tenant.id).catch(() => undefined);
    if (now && serverOf(now) === options.to) return;
    const isRefusal = error instanceof TenancyError && !(error instanceof TenantServiceUnavailableError);
    if (now && isRefusal) await this.undoing(guard, undefined, () => Promise.reject(error));
    // A request may still be on its way: to let the tenant write here now could make two of it.
    throw new TenantMoveError(
      tenant.id,
      'frozen',
      `all of it is on the database server ${options.to}, and the registry did not confirm that it knows: ${messageOf(error)}.`,
      { cause: error },
    );
  }

  /** Does a part of the move; where that fails, everything is as it was before. */
  private async undoing<T>(guard: QueryRunner, begun: Begun | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const { parts, tenant, target, options } = this;
      try {
        if (this.frozenAt !== undefined || begun?.here || begun?.there) {
          const dropped = dropTarget(target, parts, options.lockTimeout, guard);
          // An earlier try may have told the registry, which may hear it now: then nothing must be there. Of this one it has heard
          // nothing, and what is left there where that server is away the next move drops.
          await (this.isBegunBefore ? dropped : dropped.catch(() => undefined));
          // Who has lost the lock knows nothing any more: another one may have ended the move, and the tenant may work there.
          await guard.query('SELECT 1');
          const view = parts.forOwner(tenant);
          await OwnerSession.within(tenant, view, guard.manager, (session) => unfreeze(tenant, session));
        }
      } catch (failure) {
        const reason = `${messageOf(error)} It could not be undone: ${messageOf(failure)}.`;
        throw new TenantMoveError(tenant.id, 'frozen', reason, { cause: error });
      }
      if (error instanceof TenantMoveError) throw error;
      throw new TenantMoveError(tenant.id, 'unchanged', `it was not moved: ${messageOf(error)}`, { cause: error });
    }
  }

  private async sessions<T>(
    guard: QueryRunner,
    work: (source: OwnerSession, target: OwnerSession) => Promise<T>,
  ): Promise<T> {
    const { parts, tenant, target, options } = this;
    return OwnerSession.within(tenant, parts.forOwner(tenant), guard.manager, (source) =>
      OwnerSession.within(target, parts.forOwner(target), parts.systemOf(options.to), (other) => work(source, other)),
    );
  }

  private report(
    outcome: TenantMoveReport['outcome'],
    tables: readonly TenantMoveTable[],
    start: number,
  ): TenantMoveReport {
    const now = performance.now();
    return {
      tenantId: this.tenant.id,
      schema: this.tenant.schema,
      from: this.from,
      to: this.options.to,
      outcome,
      tables,
      rows: tables.reduce((sum, { rows }) => sum + rows, 0),
      bytes: tables.reduce((sum, { bytes }) => sum + bytes, 0),
      duration: now - start,
      refused: this.frozenAt === undefined ? 0 : now - this.frozenAt,
    };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
