import type { Subject } from 'rxjs';
import type { EntityManager } from 'typeorm';
import type { Tenant } from '../../tenants/tenant.js';
import { refusalOf } from './refusals.js';
import type { TenantAuditTrail } from './tenant-audit-trail.js';
import type { NamedTenantEvent, TenantEvent } from './tenant-lifecycle-events.js';
import type { TenantLifecycleParts } from './tenant-lifecycle-parts.js';
import type { TenantRow } from './tenant-rows.js';
import { tenantOf } from './tenant-rows.js';

/** What became of a row; without an action nothing was to be changed. */
export interface RowChange {
  readonly row: TenantRow;
  readonly action?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly events?: (event: TenantEvent) => readonly NamedTenantEvent[];
}

/** Stores a change of a row together with its entry in the audit trail; then whoever has to know of it is told. */
export class RowChanges {
  constructor(
    private readonly parts: Pick<TenantLifecycleParts, 'registry' | 'onChange'>,
    private readonly trail: TenantAuditTrail,
    private readonly actor: string,
    private readonly emitted: Subject<NamedTenantEvent>,
  ) {}

  async store(id: string, change: (manager: EntityManager) => Promise<RowChange>): Promise<Tenant> {
    const { parts, trail, actor, emitted } = this;
    try {
      const { row, events } = await parts.registry.dataSource.transaction(async (manager) => {
        const changed = await change(manager);
        const { action, details = {} } = changed;
        if (action !== undefined) await trail.append(manager, { actor, action, tenantId: id, details });
        return changed;
      });
      const tenant = tenantOf(row);
      if (!events) return tenant;
      await parts.onChange?.(id);
      for (const event of events({ tenantId: id, tenant, actor, at: new Date() })) emitted.next(event);
      return tenant;
    } catch (error) {
      throw refusalOf(id, error);
    }
  }
}
