import { TenantMoveError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { OwnerSession } from '../contents/owner-session.js';
import { serverOf } from '../migrations/fleet.js';
import { unfreeze } from './frozen-schema.js';
import type { TenantMovesParts } from './move-parts.js';
import { findTenant, guarded, placedOn } from './move-parts.js';
import type { FoundPlace } from './move-places.js';
import { findPlace, leftBehind, statusFrom } from './move-places.js';
import { MoveRun } from './move-run.js';
import { dropTarget, settleTarget } from './settle-target.js';
import type { TenantMoveOptions } from './tenant-move-options.js';
import { completeMoveOptions } from './tenant-move-options.js';
import type { TenantMoveReport, TenantMoveStatus } from './tenant-move-report.js';

const LOCK_TIMEOUT = 5_000;

/**
 * Moves tenants from one named database server to another. While its rows are copied, a tenant can be read and nobody can
 * write, which the server itself sees to (`TenantReadOnlyError`, 503): what was stored before is moved, what is refused was
 * not stored. When all rows are on the other server and are the same, the registry is told; the old schema is kept, and can
 * still not be written, until `confirm()` drops it. Who is killed in between leaves a tenant that is whole on one server:
 * `move()` goes on, `undo()` takes it back.
 *
 * @example
 * const { rows, refused } = await moves.move('acme', { to: 'eu' });
 * console.log(`${rows} rows; ${refused} ms without writing`);
 * await moves.confirm('acme'); // some days later
 */
export class TenantMoves {
  constructor(private readonly parts: TenantMovesParts) {}

  /**
   * Moves a tenant. Throws `TenantDatabaseUnknownError` where there is no such server, `TenantMoveError` for everything that
   * speaks against it or goes wrong; its `left` says whether the tenant can be written.
   */
  async move(id: string, given: TenantMoveOptions): Promise<TenantMoveReport> {
    const options = completeMoveOptions(given);
    const { systemOf } = this.parts;
    // Throws where there is no such server.
    systemOf(options.to);
    const tenant = await findTenant(this.parts, id);
    if (serverOf(tenant) !== options.to) return new MoveRun(this.parts, tenant, options).run();
    return this.settle(tenant, options.lockTimeout);
  }

  /**
   * Takes a move back that was not finished: the tenant can be written again where it is. Where none is going on, nothing
   * happens. Throws `TenantMoveError` where the tenant works on the other server already.
   */
  async undo(id: string): Promise<TenantMoveStatus> {
    const { parts } = this;
    const tenant = await findTenant(parts, id);
    const server = serverOf(tenant);
    await guarded(tenant, parts.systemOf(server), LOCK_TIMEOUT, async (guard) => {
      await this.assertStill(tenant);
      const mark = (await findPlace(tenant, server, guard.manager))?.mark;
      if (mark?.role !== 'source') return;
      await dropTarget(placedOn(tenant, mark.to), parts, LOCK_TIMEOUT, guard);
      // Lost meanwhile, it may be another one's move by now.
      await guard.query('SELECT 1');
      await OwnerSession.within(tenant, parts.forOwner(tenant), guard.manager, (session) => unfreeze(tenant, session));
    });
    const status = await this.status(id);
    if (status.state !== 'moved') return status;
    throw new TenantMoveError(
      id,
      'unchanged',
      `it was moved from ${status.from} to ${status.to}, and what was written since is there alone. To have it back where it was, ` +
        'confirm this move, and move it back.',
    );
  }

  /** Ends a move: drops the schema that was kept where the tenant was. Where none is kept, nothing happens. */
  async confirm(id: string): Promise<TenantMoveStatus> {
    const { parts } = this;
    const tenant = await findTenant(parts, id);
    const server = serverOf(tenant);
    await guarded(tenant, parts.systemOf(server), LOCK_TIMEOUT, async (guard) => {
      await this.assertStill(tenant);
      const here = await findPlace(tenant, server, guard.manager);
      if (!here?.isOwn || here.mark?.role === 'source') {
        throw new TenantMoveError(
          id,
          here?.isOwn ? 'frozen' : 'unchanged',
          `there is nothing to confirm: ${here?.isOwn ? `its move to ${here.mark!.to} is not finished` : `it has no schema on ${server}`}.`,
        );
      }
      for (const kept of leftBehind(tenant, await this.placesOf(tenant, server))) {
        await parts.drop(placedOn(tenant, kept.server));
      }
    });
    await settleTarget(tenant, parts, LOCK_TIMEOUT);
    return this.status(id);
  }

  /** Where a tenant stands, as the registry and all servers say. */
  async status(id: string): Promise<TenantMoveStatus> {
    const tenant = await findTenant(this.parts, id);
    return statusFrom(tenant, await this.placesOf(tenant));
  }

  /** It is where it is to be moved to. Where a move has brought it there, that one was only not told of its end. */
  private async settle(tenant: Tenant, lockTimeout: number): Promise<TenantMoveReport> {
    const { parts } = this;
    const start = performance.now();
    const { state, from, to, tenantId, schema } = statusFrom(tenant, await this.placesOf(tenant));
    if (state !== 'moved') {
      const server = serverOf(tenant);
      if (state === 'settled')
        throw new TenantMoveError(tenantId, 'unchanged', `it is on the database server ${server} already.`);
      throw new TenantMoveError(
        tenantId,
        'frozen',
        `it is on the database server ${server}, and its move to ${to} is not finished.`,
      );
    }
    await parts.registry.forget(tenantId);
    await settleTarget(tenant, parts, lockTimeout);
    const duration = performance.now() - start;
    return {
      tenantId,
      schema,
      from: from!,
      to: to!,
      outcome: 'settled',
      tables: [],
      rows: 0,
      bytes: 0,
      duration,
      refused: 0,
    };
  }

  /** Under the lock: another one may have moved it before. */
  private async assertStill(tenant: Tenant): Promise<void> {
    const now = await findTenant(this.parts, tenant.id);
    if (serverOf(now) === serverOf(tenant) && now.schema === tenant.schema) return;
    throw new TenantMoveError(
      tenant.id,
      'unchanged',
      `it was moved to the database server ${serverOf(now)} meanwhile.`,
    );
  }

  /** On all servers, but one that was looked at. */
  private async placesOf(tenant: Tenant, but?: string): Promise<FoundPlace[]> {
    const { servers, systemOf } = this.parts;
    const found = await Promise.all(
      servers.filter((server) => server !== but).map((server) => findPlace(tenant, server, systemOf(server))),
    );
    return found.filter((place) => place !== undefined);
  }
}
