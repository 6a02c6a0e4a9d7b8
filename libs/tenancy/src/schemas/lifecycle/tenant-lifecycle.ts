import { Logger } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import type { EntityManager } from 'typeorm';
import { TenantChangeRefusedError, TenantSchemaError } from '../../tenancy.errors.js';
import { mergeConfig } from '../../tenants/merge-config.js';
import type { RegistryTable } from '../../tenants/registry-table.js';
import { anotherSchemaName, generateSchemaName } from '../../tenants/schema-name.js';
import type {
  NewTenant,
  PlannedDrops,
  TenantAdministration,
  TenantChange,
  TenantDrop,
  TenantPlacement,
} from '../../tenants/tenant-administration.js';
import type { TenantIdValidator } from '../../tenants/tenant-id.js';
import type { TenantPage } from '../../tenants/tenant-store.js';
import type { Tenant } from '../../tenants/tenant.js';
import { defineTenant } from '../../tenants/tenant.js';
import type { ReadySchemas } from '../ready/ready-schemas.js';
import type { TenantSchemaService } from '../tenant-schema.service.js';
import {
  begunElsewhere,
  confirmationRequired,
  dropNotDue,
  idReserved,
  notArchived,
  notReady,
  refusalOf,
  schemaTaken,
  statusConflict,
  tenantExists,
} from './refusals.js';
import { TenantAuditTrail } from './tenant-audit-trail.js';
import type { NamedTenantEvent, TenantEvent } from './tenant-lifecycle-events.js';
import { TenantLifecycleOptions } from './tenant-lifecycle-options.js';
import { TenantLock } from './tenant-lock.js';
import type { ColumnValues, TenantRow } from './tenant-rows.js';
import { tenantOf, TenantRows } from './tenant-rows.js';
import type { Transition } from './transitions.js';
import { ARCHIVE, RESTORE, SUSPEND } from './transitions.js';

const DEFAULT_DATABASE = 'default';
const DROPPED = 'tenant.dropped';

/** What the life of tenants is made of. */
export interface TenantLifecycleParts {
  readonly registry: RegistryTable;
  readonly schemas: Pick<TenantSchemaService, 'drop' | 'status'>;
  /** Gives a new tenant its schema: one that was ready, or one that is made by the name that the tenant has. */
  readonly ready: Pick<ReadySchemas, 'claim'>;
  readonly ids: TenantIdValidator;
  /** Whether a database server has that name. */
  readonly hasDatabase: (name: string) => boolean;
  /** Drops what is left of a tenant on other database servers than its own. */
  readonly eraseElsewhere?: (tenant: Tenant) => Promise<unknown>;
  /** Told of each change that is stored. */
  readonly onChange?: (id: string) => Promise<void>;
}

/** A change by whoever may also suspend and restore with it. */
export interface TenantStatusChange extends TenantChange {
  readonly status?: 'active' | 'suspended';
}

/**
 * Makes, changes and drops the tenants of the registry's own table: a row and a schema, which no single transaction covers.
 * The row is written first and removed last, so that whatever is interrupted is on record, and repeating the request
 * finishes it. Each change is stored together with its entry in the audit trail.
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
  private readonly logger = new Logger('TenantLifecycle');

  constructor(
    private readonly parts: TenantLifecycleParts,
    options: Partial<TenantLifecycleOptions> = {},
    private readonly shared = { lock: new TenantLock(parts.registry), emitted: new Subject<NamedTenantEvent>() },
  ) {
    this.options = { ...new TenantLifecycleOptions(), ...options };
    this.trail = new TenantAuditTrail(parts.registry);
    this.rows = new TenantRows(parts.registry);
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

  async createTenant(wanted: NewTenant): Promise<Tenant> {
    const id = this.parts.ids.parse(wanted.id, 'the field id');
    if (this.options.reservedIds.includes(id)) throw idReserved(id);
    this.assertDatabase(id, wanted.database);
    return this.alone(id, async () => {
      const known = await this.rows.find(id);
      if (known && known.status !== 'provisioning') throw tenantExists(id, known.status);
      const draft = draftOf(wanted, known, await this.newSchemaName(id));
      if (known && draft.database !== (known.database ?? undefined)) throw begunElsewhere(id, known.database);
      if (!known) await this.assertNoSchema(draft);
      await this.rows.draft(draft);
      const { schema } = await this.parts.ready.claim(draft).catch(async (error: unknown) => {
        await this.undo(draft, error);
        throw error;
      });
      const details = { schema, ...(draft.database === undefined ? {} : { database: draft.database }) };
      return this.changeRow(id, async (manager) => {
        const row = await this.rows.update(manager, id, { status: 'active', schema }, 'provisioning');
        if (!row) throw new Error(`The row of tenant ${id} went away while its schema was made.`);
        return { row, action: 'tenant.created', details, events: (event) => [['tenant.created', event]] };
      });
    });
  }

  /** `status` may be given with it: both are changed, or neither. */
  async changeTenant(id: string, { status, ...change }: TenantStatusChange): Promise<Tenant> {
    return this.changeRow(id, async (manager) => {
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

  async dropTenant(id: string, { confirm, erase = false }: TenantDrop): Promise<void> {
    this.parts.ids.parse(id);
    if (confirm !== id) throw confirmationRequired(id);
    await this.alone(id, async () => {
      // From here on nobody can use it or take it back, and what is interrupted cannot be taken for a tenant that works.
      const tenant = await this.changeRow(id, (manager) => this.beginDrop(manager, id, erase));
      await this.parts.schemas.drop(tenant);
      await this.parts.eraseElsewhere?.(tenant);
      await this.changeRow(id, async (manager) => {
        const row = await this.rows.lock(manager, id);
        await this.rows.remove(manager, id);
        const details = { schema: row.schema };
        return { row, action: DROPPED, details, events: (event) => [[DROPPED, event]] };
      });
    });
  }

  async placeTenant(id: string, { database, from }: TenantPlacement): Promise<Tenant> {
    this.assertDatabase(id, database);
    return this.changeRow(id, async (manager) => {
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
    return this.changeRow(id, async (manager) => {
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

  private async beginDrop(manager: EntityManager, id: string, erase: boolean): Promise<RowChange> {
    const row = await this.rows.lock(manager, id);
    const { status, drop_after, drop_began_at } = row;
    if (drop_began_at) return { row };
    // One that never was active has nothing in it.
    if (!erase && status !== 'provisioning') {
      if (status !== 'archived') throw notArchived(id, status);
      if (!drop_after || drop_after.getTime() > Date.now()) throw dropNotDue(id, drop_after);
    }
    const begun = await this.rows.update(manager, id, { status: 'archived', drop_began_at: new Date() });
    return { row: begun!, action: 'tenant.drop_began', details: { status, erase }, events: () => [] };
  }

  /** One change of a row, and its entry in the audit trail; then whoever has to know of it is told. */
  private async changeRow(id: string, change: (manager: EntityManager) => Promise<RowChange>): Promise<Tenant> {
    const { actor } = this.options;
    try {
      const { row, events } = await this.parts.registry.dataSource.transaction(async (manager) => {
        const changed = await change(manager);
        const { action, details = {} } = changed;
        if (action !== undefined) await this.trail.append(manager, { actor, action, tenantId: id, details });
        return changed;
      });
      const tenant = tenantOf(row);
      if (!events) return tenant;
      await this.parts.onChange?.(id);
      for (const event of events({ tenantId: id, tenant, actor, at: new Date() })) this.shared.emitted.next(event);
      return tenant;
    } catch (error) {
      throw refusalOf(id, error);
    }
  }

  private async alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.shared.lock.run(id, work);
    } catch (error) {
      throw refusalOf(id, error);
    }
  }

  /**
   * What is cached of a tenant is kept by its schema's name, and a dropped tenant's may be there still: who comes after it with
   * the same id gets another name.
   */
  private async newSchemaName(id: string): Promise<string> {
    return (await this.trail.has(id, DROPPED)) ? anotherSchemaName(id) : generateSchemaName(id);
  }

  private assertDatabase(id: string, name: string | undefined): void {
    if (name === undefined || this.parts.hasDatabase(name)) return;
    const message = `There is no database server ${JSON.stringify(name)}. Add it to the option database by that name.`;
    throw new TenantChangeRefusedError(id, 'DATABASE_UNKNOWN', message);
  }

  /** A new tenant starts empty: a schema that is there, even one that was made for a tenant of this id, is refused. */
  private async assertNoSchema(draft: Tenant): Promise<void> {
    if ((await this.parts.schemas.status(draft)).exists) throw schemaTaken(draft.id, draft.schema);
  }

  private async undo(draft: Tenant, cause: unknown): Promise<void> {
    try {
      // Who has lost the lock meanwhile must not drop what another one has made for it.
      if ((await this.rows.find(draft.id))?.status !== 'provisioning') return;
      // It never was active, so there is nothing in it; and a schema that is not this tenant's is left alone.
      if (!(cause instanceof TenantSchemaError)) await this.parts.schemas.drop(draft);
      await this.parts.registry.dataSource.transaction((manager) =>
        this.rows.remove(manager, draft.id, 'provisioning'),
      );
    } catch (error) {
      this.logger.error(`Tenant ${draft.id} is left as provisioning: repeat what creates it.`, error);
    }
  }
}

/** What became of a row; without an action nothing was to be changed. */
interface RowChange {
  readonly row: TenantRow;
  readonly action?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly events?: (event: TenantEvent) => readonly NamedTenantEvent[];
}

function draftOf({ id, name = id, ...wanted }: NewTenant, known: TenantRow | undefined, schema: string): Tenant {
  const { database = known?.database ?? undefined } = wanted;
  return defineTenant({
    ...wanted,
    id,
    name,
    schema: known?.schema ?? schema,
    status: 'provisioning',
    domains: [...new Set(wanted.domains)],
    config: mergeConfig({}, wanted.config ?? {}),
    database: database === DEFAULT_DATABASE ? undefined : database,
  });
}

/** Only what may be changed, and only what is given. */
function columnsOf({ name, plan, domains, metadata }: TenantChange): ColumnValues {
  const values = { name, plan, domains: domains && [...new Set(domains)], metadata };
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
