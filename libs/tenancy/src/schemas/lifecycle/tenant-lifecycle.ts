import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import { TenantChangeRefusedError } from '../../tenancy.errors.js';
import type {
  NewTenant,
  PlannedDrops,
  TenantAdministration,
  TenantChange,
  TenantDrop,
  TenantPlacement,
} from '../../tenants/tenant-administration.js';
import { assertDomains } from '../../tenants/tenant-domains.js';
import type { TenantPage } from '../../tenants/tenant-store.js';
import type { Tenant } from '../../tenants/tenant.js';
import { assertDatabase, DEFAULT_DATABASE } from './named-database.js';
import { notReady, statusConflict } from './refusals.js';
import { RowChanges } from './row-changes.js';
import { TenantAuditTrail } from './tenant-audit-trail.js';
import type { NamedTenantEvent } from './tenant-lifecycle-events.js';
import { TenantLifecycleOptions } from './tenant-lifecycle-options.js';
import type { TenantLifecycleParts } from './tenant-lifecycle-parts.js';
import { TenantLock } from './tenant-lock.js';
import { TenantMaker } from './tenant-maker.js';
import type { ColumnValues } from './tenant-rows.js';
import { TenantRows } from './tenant-rows.js';
import type { Transition } from './transitions.js';
import { ARCHIVE, RESTORE, SUSPEND } from './transitions.js';

/** A change by whoever may also suspend and restore with it. */
export interface TenantStatusChange extends TenantChange {
  readonly status?: 'active' | 'suspended';
}

/**
 * Makes, changes and drops the tenants of the registry's own table. Each change is stored together with its entry in the
 * audit trail; what makes and drops tenants can be repeated where it was interrupted.
 *
 * @example const acme = await lifecycle.as('ada@example.com').createTenant({ id: 'acme', plan: 'pro' });
 */
export class TenantLifecycle implements TenantAdministration {
  /** Who changed what. */
  readonly trail: TenantAuditTrail;
  /** Each change, when it is stored. */
  readonly events: Observable<NamedTenantEvent>;
  private readonly options: TenantLifecycleOptions;
  private readonly rows: TenantRows;
  private readonly changes: RowChanges;
  private readonly maker: TenantMaker;

  constructor(
    private readonly parts: TenantLifecycleParts,
    options: Partial<TenantLifecycleOptions> = {},
    private readonly shared = { lock: new TenantLock(parts.registry), emitted: new Subject<NamedTenantEvent>() },
  ) {
    this.options = { ...new TenantLifecycleOptions(), ...options };
    this.trail = new TenantAuditTrail(parts.registry);
    this.rows = new TenantRows(parts.registry);
    this.changes = new RowChanges(parts, this.trail, this.options.actor, shared.emitted);
    this.maker = new TenantMaker(parts, this.rows, this.changes, this.trail, shared.lock, this.options.reservedIds);
    this.events = shared.emitted.asObservable();
  }

  /**
   * The same, done by somebody: the name is what the audit trail and the events have.
   *
   * @example await lifecycle.as(request.user.email).suspendTenant('acme')
   */
  as(actor: string): TenantLifecycle {
    return new TenantLifecycle(this.parts, { ...this.options, actor }, this.shared);
  }

  createTenant(wanted: NewTenant): Promise<Tenant> {
    return this.maker.create(wanted);
  }

  /** `status` may be given with it: both are changed, or neither. */
  async changeTenant(id: string, { status, ...change }: TenantStatusChange): Promise<Tenant> {
    assertDomains(id, change.domains);
    return this.changes.store(id, async (manager) => {
      const before = await this.rows.lock(manager, id);
      if (before.status !== 'active' && before.status !== 'suspended') throw notReady(id, before.status);
      const values = columnsOf(change);
      const fields = Object.keys(values);
      const turn = status === undefined || status === before.status ? undefined : status;
      if (fields.length === 0 && turn === undefined) return { row: before };
      const row = await this.rows.update(manager, id, { ...values, ...(turn && { status: turn }) });
      const isRenamed = values.name !== undefined && values.name !== before.name;
      const renamed = isRenamed ? { name: { from: before.name, to: values.name } } : {};
      const details = { fields, ...renamed, ...(turn && { status: { from: before.status, to: turn } }) };
      return {
        row: row!,
        action: turn === undefined ? 'tenant.changed' : `tenant.${turn === 'active' ? 'restored' : 'suspended'}`,
        details,
        events: (event) => [
          ...(fields.length > 0 ? ([['tenant.changed', { ...event, fields }]] as const) : []),
          ...(isRenamed ? ([['tenant.renamed', { ...event, previousName: before.name }]] as const) : []),
          ...(turn === 'active' ? ([['tenant.restored', event]] as const) : []),
          ...(turn === 'suspended' ? ([['tenant.suspended', event]] as const) : []),
        ],
      };
    });
  }

  suspendTenant(id: string): Promise<Tenant> {
    return this.turn(id, SUSPEND, { status: 'suspended' });
  }

  restoreTenant(id: string): Promise<Tenant> {
    return this.turn(id, RESTORE, { status: 'active', drop_after: null });
  }

  archiveTenant(id: string): Promise<Tenant> {
    const dropAfter = new Date(Date.now() + this.options.dropGrace);
    return this.turn(id, ARCHIVE, { status: 'archived', drop_after: dropAfter });
  }

  dropTenant(id: string, drop: TenantDrop): Promise<void> {
    return this.maker.drop(id, drop);
  }

  async placeTenant(id: string, { database, from }: TenantPlacement): Promise<Tenant> {
    assertDatabase(this.parts, id, database);
    return this.changes.store(id, async (manager) => {
      const before = await this.rows.lock(manager, id);
      if (before.status === 'provisioning' || before.drop_began_at) throw notReady(id, before.status);
      const now = before.database ?? DEFAULT_DATABASE;
      if (now !== from) {
        const message = `The tenant "${id}" is on the database server ${now}, not on ${from}. Nothing was changed.`;
        throw new TenantChangeRefusedError(id, 'TENANT_MOVED', message);
      }
      if (now === database) return { row: before };
      const row = await this.rows.update(manager, id, { database: database === DEFAULT_DATABASE ? null : database });
      const fields = ['database'];
      return {
        row: row!,
        action: 'tenant.placed',
        details: { from, to: database },
        events: (event) => [['tenant.changed', { ...event, fields }]],
      };
    });
  }

  async plannedDrops({ limit = 50, offset = 0 }: Partial<TenantPage> = {}): Promise<PlannedDrops> {
    const { rows, total } = await this.rows.archived(limit, offset);
    const drops = rows.map(({ id, status, drop_after, drop_began_at }) => {
      const dropAfter = drop_after ?? drop_began_at ?? new Date(0);
      return { id, status, dropAfter, isDue: drop_began_at !== null || dropAfter.getTime() <= Date.now() };
    });
    return { drops, total };
  }

  private turn(id: string, { from, action, event: name }: Transition, values: ColumnValues): Promise<Tenant> {
    return this.changes.store(id, async (manager) => {
      const before = await this.rows.lock(manager, id);
      if (before.drop_began_at) throw statusConflict(id, 'being dropped', action);
      if (before.status === values.status) return { row: before };
      if (!from.includes(before.status)) throw statusConflict(id, before.status, action);
      const row = await this.rows.update(manager, id, values);
      const { drop_after: dropAfter } = values;
      const details = {
        status: { from: before.status, to: values.status },
        ...(dropAfter ? { dropAfter: dropAfter.toISOString() } : {}),
      };
      return {
        row: row!,
        action: name,
        details,
        events: (event) => [[name, dropAfter ? { ...event, dropAfter } : event] as NamedTenantEvent],
      };
    });
  }
}

/** Only what may be changed, and only what is given. */
function columnsOf({ name, plan, domains, metadata }: TenantChange): ColumnValues {
  const values = { name, plan, domains: domains && [...new Set(domains)], metadata };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
