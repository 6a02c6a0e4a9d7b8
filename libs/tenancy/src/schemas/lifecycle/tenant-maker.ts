import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { TenantSchemaError } from '../../tenancy.errors.js';
import { mergeConfig } from '../../tenants/merge-config.js';
import { anotherSchemaName, generateSchemaName } from '../../tenants/schema-name.js';
import type { NewTenant, TenantDrop } from '../../tenants/tenant-administration.js';
import { assertDomains } from '../../tenants/tenant-domains.js';
import type { Tenant } from '../../tenants/tenant.js';
import { defineTenant } from '../../tenants/tenant.js';
import { assertDatabase, DEFAULT_DATABASE } from './named-database.js';
import {
  begunElsewhere,
  confirmationRequired,
  dropNotDue,
  idReserved,
  notArchived,
  refusalOf,
  schemaTaken,
  tenantExists,
} from './refusals.js';
import type { RowChange, RowChanges } from './row-changes.js';
import type { TenantAuditTrail } from './tenant-audit-trail.js';
import type { TenantLifecycleParts } from './tenant-lifecycle-parts.js';
import type { TenantLock } from './tenant-lock.js';
import type { TenantRow, TenantRows } from './tenant-rows.js';

const DROPPED = 'tenant.dropped';

/**
 * Makes and drops tenants: a row and a schema, which no single transaction covers. The row is written first and removed last,
 * so that whatever is interrupted is on record, and repeating the request finishes it.
 */
export class TenantMaker {
  private readonly logger = new Logger('TenantLifecycle');

  constructor(
    private readonly parts: TenantLifecycleParts,
    private readonly rows: TenantRows,
    private readonly changes: RowChanges,
    private readonly trail: Pick<TenantAuditTrail, 'has'>,
    private readonly lock: TenantLock,
    private readonly reservedIds: readonly string[],
  ) {}

  async create(wanted: NewTenant): Promise<Tenant> {
    const id = this.parts.ids.parse(wanted.id, 'the field id');
    if (this.reservedIds.includes(id)) throw idReserved(id);
    assertDatabase(this.parts, id, wanted.database);
    assertDomains(id, wanted.domains);
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
      return this.changes.store(id, async (manager) => {
        const row = await this.rows.update(manager, id, { status: 'active', schema }, 'provisioning');
        if (!row) throw new Error(`The row of tenant ${id} went away while its schema was made.`);
        return { row, action: 'tenant.created', details, events: (event) => [['tenant.created', event]] };
      });
    });
  }

  async drop(id: string, { confirm, erase = false }: TenantDrop): Promise<void> {
    this.parts.ids.parse(id);
    if (confirm !== id) throw confirmationRequired(id);
    await this.alone(id, async () => {
      // From here on nobody can use it or take it back, and what is interrupted cannot be taken for a tenant that works.
      const tenant = await this.changes.store(id, (manager) => this.beginDrop(manager, id, erase));
      await this.parts.schemas.drop(tenant);
      await this.parts.eraseElsewhere?.(tenant);
      await this.changes.store(id, async (manager) => {
        const row = await this.rows.lock(manager, id);
        await this.rows.remove(manager, id);
        const details = { schema: row.schema };
        return { row, action: DROPPED, details, events: (event) => [[DROPPED, event]] };
      });
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

  private async alone<T>(id: string, work: () => Promise<T>): Promise<T> {
    try {
      return await this.lock.run(id, work);
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
