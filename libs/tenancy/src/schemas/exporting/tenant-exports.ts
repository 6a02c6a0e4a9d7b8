import type { DataSource, QueryRunner } from 'typeorm';
import { TenantNotFoundError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import { readRows } from '../contents/copy-rows.js';
import { OwnerSession } from '../contents/owner-session.js';
import { exportSql, NO_LIMITS, TEXT_SETTINGS } from '../contents/row-sql.js';
import { readContents, readCounters } from '../contents/schema-contents.js';
import { namesSql } from '../migrations/executed-migrations.js';
import { serverOf } from '../migrations/fleet.js';
import { hasOwnSchema, missingSchema } from '../schema-owner.js';
import type { ExportFolder } from './export-folder.js';
import { fillFolder } from './export-folder.js';
import type {
  ExportedTable,
  PublicConfig,
  TenantExportManifest,
  TenantExportOptions,
  TenantExportReport,
} from './tenant-export-manifest.js';

/** What tenants are exported with. */
export interface TenantExportsParts {
  readonly find: (id: string) => Promise<Tenant | undefined>;
  readonly forOwner: (tenant: Tenant) => DataSource;
  readonly systemOf: (server: string) => DataSource;
  readonly migrationsTable: string;
  /** Leaves the secrets out of a tenant's settings. */
  readonly withoutSecrets: (config: Tenant['config']) => PublicConfig;
}

/**
 * Writes all that a tenant has into a folder, for the tenant or for the archive: a CSV file with a heading for each table, and
 * `manifest.json`, which says what is in them. All of it is of one moment, and nobody has to stop writing for it.
 *
 * @example
 * const { folder, rows } = await exports.export('acme', { folder: 'exports/acme-2026-11' });
 */
export class TenantExports {
  constructor(private readonly parts: TenantExportsParts) {}

  /**
   * Exports a tenant, whatever its status. Throws `TenancyOptionsError` where the folder is there already, `TenantSchemaError`
   * where there is nothing to export or not all of it can be.
   */
  async export(id: string, { folder: wanted, signal, onEvent }: TenantExportOptions): Promise<TenantExportReport> {
    const start = performance.now();
    const { parts } = this;
    const tenant = await parts.find(id);
    if (!tenant) throw new TenantNotFoundError(id);
    const system = parts.systemOf(serverOf(tenant));
    const { folder, value: manifest } = await fillFolder(wanted, (files) =>
      OwnerSession.within(tenant, parts.forOwner(tenant), system, (session) =>
        session.transaction(
          { isolation: 'REPEATABLE READ', settings: ['SET TRANSACTION READ ONLY', ...NO_LIMITS, ...TEXT_SETTINGS] },
          async (runner) => {
            if (!(await hasOwnSchema(tenant, runner))) throw missingSchema(tenant);
            const value = await this.write(tenant, files, session, runner, { signal, onEvent });
            return { value, isKept: false };
          },
        ),
      ),
    );
    const sum = (of: 'rows' | 'bytes') => manifest.tables.reduce((total, table) => total + table[of], 0);
    return { folder, manifest, rows: sum('rows'), bytes: sum('bytes'), duration: performance.now() - start };
  }

  private async write(
    tenant: Tenant,
    files: ExportFolder,
    session: OwnerSession,
    runner: QueryRunner,
    { signal, onEvent }: Pick<TenantExportOptions, 'signal' | 'onEvent'>,
  ): Promise<TenantExportManifest> {
    const { schema } = tenant;
    const contents = await readContents(schema, runner);
    const about = await this.about(tenant, runner);
    const todo = contents.wholes.length;
    onEvent?.({ type: 'started', tables: todo });
    const tables: ExportedTable[] = [];
    for (const whole of contents.wholes) {
      const { name, columns } = whole;
      const file = files.fileFor(name, '.csv');
      let counted = { rows: 0, bytes: 0 };
      const sha256 = await files.write(file, async (sink) => {
        counted = await readRows(session, exportSql(schema, whole), sink, signal);
      });
      const table = { table: name, file, columns, ...counted, sha256 };
      tables.push(table);
      onEvent?.({ type: 'exported', table, done: tables.length, todo });
    }
    const counters = await readCounters(schema, contents, runner);
    const sequences = counters.map(({ name: sequence, value, isCalled }) => ({ sequence, value, isCalled }));
    const manifest = { ...about, tables, sequences };
    await files.write('manifest.json', async (sink) =>
      sink.write(Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)),
    );
    return manifest;
  }

  private async about(
    tenant: Tenant,
    runner: QueryRunner,
  ): Promise<Omit<TenantExportManifest, 'tables' | 'sequences'>> {
    const { parts } = this;
    const [server] = await runner.manager.query<[{ version: string; now: Date }]>(
      "SELECT pg_catalog.current_setting('server_version') AS version, pg_catalog.now() AS now",
    );
    const [ran] = (await runner.hasTable(parts.migrationsTable))
      ? await runner.manager.query<Array<{ names: string | null }>>(
          `SELECT ${namesSql(tenant.schema, parts.migrationsTable)}`,
        )
      : [];
    const { config, withheld } = parts.withoutSecrets(tenant.config);
    return {
      format: 'nestjs-tenancy/export',
      version: 1,
      exportedAt: server.now.toISOString(),
      tenant: { ...tenant, database: serverOf(tenant), config },
      withheld,
      serverVersion: server.version,
      migrations: ran?.names?.split('\n') ?? [],
    };
  }
}
