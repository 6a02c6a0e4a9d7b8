import type { EntityManager } from 'typeorm';
import type { RegistryTable } from '../../tenants/registry-table.js';

/** What was done to a tenant. */
export interface TenantAuditRecord {
  /** Who did it. */
  readonly actor: string;
  /** Such as `tenant.suspended`. */
  readonly action: string;
  readonly tenantId: string;
  /** Never with the value of a setting: it may be a secret. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** What was done to a tenant, and when, as it stands in the audit trail: entries are never changed. */
export interface TenantAuditEntry extends TenantAuditRecord {
  /** Grows with each entry. */
  readonly id: string;
  readonly at: Date;
}

/** Which entries of the audit trail are asked for. The newest come first; go on with the `id` of the last one as `before`. */
export interface TenantAuditPage {
  /** Of one tenant, be it there or dropped. @defaultValue all */
  readonly tenantId?: string;
  /** @defaultValue `50` */
  readonly limit?: number;
  /** Only entries that are older than the one with this id. */
  readonly before?: string;
}

interface AuditRow {
  readonly id: string;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly tenant_id: string;
  readonly details: Record<string, unknown>;
}

/** Who changed which tenant, and how. It only grows, and outlives the tenants. */
export class TenantAuditTrail {
  constructor(private readonly registry: RegistryTable) {}

  /** Adds an entry within the transaction of the change: both are stored, or neither. */
  async append(manager: Pick<EntityManager, 'query'>, record: TenantAuditRecord): Promise<void> {
    const { actor, action, tenantId, details } = record;
    await manager.query(
      `INSERT INTO ${this.registry.audit} (actor, action, tenant_id, details) VALUES ($1, $2, $3, $4)`,
      [actor, action, tenantId, JSON.stringify(details)],
    );
  }

  /** Whether that was ever done to a tenant of this id. */
  async has(tenantId: string, action: string): Promise<boolean> {
    const [{ found }] = await this.registry.dataSource.query<[{ found: boolean }]>(
      `SELECT EXISTS (SELECT FROM ${this.registry.audit} WHERE tenant_id = $1 AND action = $2) AS found`,
      [tenantId, action],
    );
    return found;
  }

  /** The newest one comes first. */
  async read({ tenantId, limit = 50, before }: TenantAuditPage = {}): Promise<TenantAuditEntry[]> {
    const rows = await this.registry.dataSource.query<AuditRow[]>(
      `SELECT entry.id::text AS id, at, actor, action, tenant_id, details FROM ${this.registry.audit} AS entry
        WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::bigint IS NULL OR entry.id < $2::bigint)
        ORDER BY entry.id DESC LIMIT $3`,
      [tenantId ?? null, before ?? null, limit],
    );
    return rows.map(({ tenant_id, ...row }) => ({ ...row, tenantId: tenant_id }));
  }
}
