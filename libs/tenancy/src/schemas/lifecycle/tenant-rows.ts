import type { EntityManager } from 'typeorm';
import { TenantNotFoundError } from '../../tenancy.errors.js';
import type { RegistryTable } from '../../tenants/registry-table.js';
import type { Tenant, TenantStatus } from '../../tenants/tenant.js';
import { defineTenant } from '../../tenants/tenant.js';

/** A tenant as the registry's table has it. */
export interface TenantRow extends Omit<Tenant, 'database'> {
  readonly database: string | null;
  /** From when on an archived tenant may be dropped. */
  readonly drop_after: Date | null;
  /** Since when it is being dropped: what is left of it may be anything, and only dropping it again is of use. */
  readonly drop_began_at: Date | null;
}

type Manager = Pick<EntityManager, 'query'>;
export type ColumnValues = Partial<Omit<TenantRow, 'id'>>;

const COLUMNS = 'id, name, schema, status, domains, plan, config, database, metadata, drop_after, drop_began_at';
const JSON_COLUMNS: ReadonlySet<string> = new Set(['config', 'metadata']);

/** The rows of the registry's table, as they are changed. */
export class TenantRows {
  constructor(private readonly registry: RegistryTable) {}

  /** Reads a tenant and keeps others from changing it until the transaction ends. */
  async lock(manager: Manager, id: string): Promise<TenantRow> {
    const sql = `SELECT ${COLUMNS} FROM ${this.registry.tenants} WHERE id = $1 FOR NO KEY UPDATE`;
    const [row] = await manager.query<TenantRow[]>(sql, [id]);
    if (!row) throw new TenantNotFoundError(id);
    return row;
  }

  async find(id: string): Promise<TenantRow | undefined> {
    const sql = `SELECT ${COLUMNS} FROM ${this.registry.tenants} WHERE id = $1`;
    const [row] = await this.registry.dataSource.query<TenantRow[]>(sql, [id]);
    return row;
  }

  /** Stores a tenant that is to be made, over what an earlier attempt has left. */
  async draft(tenant: Tenant): Promise<void> {
    const { id, name, schema, status, domains, plan, config, database = null, metadata } = tenant;
    await this.registry.dataSource.query(
      `INSERT INTO ${this.registry.tenants} AS tenant (id, name, schema, status, domains, plan, config, database, metadata)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, domains = excluded.domains, plan = excluded.plan,
              config = excluded.config, metadata = excluded.metadata WHERE tenant.status = 'provisioning'`,
      [id, name, schema, status, domains, plan, JSON.stringify(config), database, JSON.stringify(metadata)],
    );
  }

  /** Changes columns, whose names are never a caller's. `undefined` where no row has that id and that status. */
  async update(
    manager: Manager,
    id: string,
    values: ColumnValues,
    status?: TenantStatus,
  ): Promise<TenantRow | undefined> {
    const given = Object.entries(values);
    const sets = given.map(([column], at) => `${column} = $${at + 2}`).join(', ');
    const parameters = given.map(([column, value]) => (JSON_COLUMNS.has(column) ? JSON.stringify(value) : value));
    const condition = status === undefined ? '' : ` AND status = '${status}'`;
    const sql = `UPDATE ${this.registry.tenants} SET ${sets} WHERE id = $1${condition} RETURNING ${COLUMNS}`;
    const answer = await manager.query<TenantRow[] | [TenantRow[], number]>(sql, [id, ...parameters]);
    // TypeORM answers an UPDATE with its rows and their number.
    return Array.isArray(answer[0]) ? answer[0][0] : answer[0];
  }

  async remove(manager: Manager, id: string, status?: TenantStatus): Promise<void> {
    const condition = status === undefined ? '' : ` AND status = '${status}'`;
    await manager.query(`DELETE FROM ${this.registry.tenants} WHERE id = $1${condition}`, [id]);
  }

  async archived(limit: number, offset: number): Promise<{ rows: TenantRow[]; total: number }> {
    const { dataSource, tenants } = this.registry;
    const rows = await dataSource.query<TenantRow[]>(
      `SELECT ${COLUMNS} FROM ${tenants} WHERE status = 'archived' ORDER BY drop_after, id LIMIT $1 OFFSET $2`,
      [limit, offset],
    );
    const [{ total }] = await dataSource.query<[{ total: number }]>(
      `SELECT count(*)::int AS total FROM ${tenants} WHERE status = 'archived'`,
    );
    return { rows, total };
  }
}

/** The library's tenant of a row. */
export function tenantOf({ database, drop_after: _after, drop_began_at: _began, ...row }: TenantRow): Tenant {
  return defineTenant(database === null ? row : { ...row, database });
}
