import type { ConnectionOptions } from 'node:tls';
import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { TenancyOptionsError, TenantNotFoundError } from '../tenancy.errors.js';
import { assertConfigVersion } from './config-version.js';
import { keepWatching, NoChannelError } from './keep-watching.js';
import { listenForChanges } from './listen-for-changes.js';
import { mergeConfig } from './merge-config.js';
import type { RegistryTable } from './registry-table.js';
import type { Tenant } from './tenant.js';
import { defineTenant } from './tenant.js';
import type {
  TenantChangeListener,
  TenantConfigCondition,
  TenantList,
  TenantPage,
  TenantStore,
  TenantWatch,
} from './tenant-store.js';

/** A server, as pg is told of it. Not pg's own type: the types of this package stand without those of pg. */
export interface TenantWatchServer {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly ssl?: boolean | ConnectionOptions;
}

/** Where `TypeOrmTenantStore` reads. */
export interface TypeOrmTenantStoreOptions {
  /** The registry's table. @defaultValue `'tenants'` */
  readonly table?: string;
  /** Its schema. @defaultValue `'public'` */
  readonly schema?: string;
  /** The table of who changed what, in the same schema; see `TenantLifecycle`. @defaultValue `'tenant_audit'` */
  readonly auditTable?: string;
  /**
   * Where to listen for changes: an address that leads straight to the server, or pg's options. Needed where the DataSource goes
   * through a transaction pooler, behind which nobody can listen. @defaultValue as the DataSource connects
   */
  readonly watch?: string | TenantWatchServer;
}

type SystemDataSource = Pick<DataSource, 'query' | 'transaction'> & Partial<Pick<DataSource, 'options'>>;

interface TenantRow extends Omit<Tenant, 'database'> {
  readonly database: string | null;
}

const COLUMNS = 'id, name, schema, status, domains, plan, config, database, metadata';

/**
 * Reads the registry's own table, with the columns of `Tenant`: `domains` is `text[]`, `config` and `metadata` are
 * `jsonb`. Give it the system's DataSource, never the tenant-bound one. Where tenants are found by their domains:
 * `CREATE INDEX ON public.tenants USING gin (domains)`, and a rule of the table's own that lets only one tenant have each, in the form
 * of `canonicalHost()`; the README has one.
 *
 * @example TenancyModule.forRoot({ store: ({ system }) => new TypeOrmTenantStore(system), database })
 */
export class TypeOrmTenantStore implements TenantStore {
  /** Where the tenants are, for whoever changes them. */
  readonly registry: RegistryTable;
  private readonly table: string;

  constructor(
    private readonly dataSource: SystemDataSource,
    private readonly options: TypeOrmTenantStoreOptions = {},
  ) {
    const { table = 'tenants', schema = 'public', auditTable = 'tenant_audit' } = options;
    this.table = `${quote(schema)}.${quote(table)}`;
    this.registry = {
      dataSource,
      poolSize: dataSource.options?.poolSize ?? 10,
      tenants: this.table,
      audit: `${quote(schema)}.${quote(auditTable)}`,
    };
  }

  async findById(id: string): Promise<Tenant | undefined> {
    const [row] = await this.rows(`SELECT ${COLUMNS} FROM ${this.table} WHERE id = $1`, [id]);
    return row && toTenant(row);
  }

  async findByDomain(domain: string): Promise<Tenant | undefined> {
    // Not `= ANY (domains)`, which no index serves.
    const [row] = await this.rows(`SELECT ${COLUMNS} FROM ${this.table} WHERE domains @> ARRAY[$1]::text[] LIMIT 1`, [
      domain,
    ]);
    return row && toTenant(row);
  }

  async list({ limit, offset }: TenantPage): Promise<TenantList> {
    const rows = await this.rows(`SELECT ${COLUMNS} FROM ${this.table} ORDER BY id LIMIT $1 OFFSET $2`, [
      limit,
      offset,
    ]);
    const [count] = await this.dataSource.query<Array<{ total: number }>>(
      `SELECT count(*)::int AS total FROM ${this.table}`,
    );
    return { tenants: rows.map(toTenant), total: count?.total ?? 0 };
  }

  async updateConfig(
    id: string,
    patch: Readonly<Record<string, unknown>>,
    condition?: TenantConfigCondition,
  ): Promise<Tenant> {
    return this.dataSource.transaction(async (manager) => {
      // The row is locked first: of two changes at once the second one goes over the first, and neither is lost.
      const [row] = await manager.query<TenantRow[]>(
        `SELECT ${COLUMNS} FROM ${this.table} WHERE id = $1 FOR NO KEY UPDATE`,
        [id],
      );
      if (!row) throw new TenantNotFoundError(id);
      assertConfigVersion(id, row.config, condition);
      const config = mergeConfig(row.config, patch);
      await manager.query(`UPDATE ${this.table} SET config = $2 WHERE id = $1`, [id, JSON.stringify(config)]);
      return toTenant({ ...row, config });
    });
  }

  /** Listens on a connection of its own for what the trigger of the table notifies; see the README for the trigger. */
  watch(listener: TenantChangeListener): TenantWatch {
    return keepWatching(listener, async (channel) => {
      const config = connectionOf(this.options.watch, this.dataSource.options);
      if (!config)
        throw new NoChannelError('TypeOrmTenantStore is not told where to listen for changes: give it `watch`.');
      await listenForChanges(config, channel);
    });
  }

  private rows(sql: string, parameters: unknown[]): Promise<TenantRow[]> {
    return this.dataSource.query<TenantRow[]>(sql, parameters);
  }
}

function toTenant({ database, ...row }: TenantRow): Tenant {
  return defineTenant(database === null ? row : { ...row, database });
}

/** As TypeORM connects. */
function connectionOf(
  given: TypeOrmTenantStoreOptions['watch'],
  options: DataSource['options'] | undefined,
): pg.ClientConfig | undefined {
  if (given !== undefined) return typeof given === 'string' ? { connectionString: given } : given;
  if (options?.type !== 'postgres') return undefined;
  const { url, host, port, username, password, database, ssl, applicationName, connectTimeoutMS, extra } = options;
  return {
    connectionString: url,
    host,
    port,
    user: username,
    password,
    database,
    ssl: ssl as pg.ClientConfig['ssl'],
    application_name: applicationName,
    ...(connectTimeoutMS === undefined ? {} : { connectionTimeoutMillis: connectTimeoutMS }),
    ...(extra as pg.ClientConfig | undefined),
  };
}

function quote(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) {
    throw new TenancyOptionsError(`${JSON.stringify(name)} is not a name for the registry's table or schema.`);
  }
  return `"${name}"`;
}
