import type { DataSourceOptions } from 'typeorm';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/**
 * TypeORM's own options of a PostgreSQL DataSource, without those that would go round the tenants (`schema`,
 * `synchronize`, `migrationsRun`, `dropSchema`, `driver`, `cache`), and a few of this module's.
 */
export interface TenantDatabaseOptions extends Omit<
  PostgresOptions,
  | 'type'
  | 'schema'
  | 'synchronize'
  | 'migrationsRun'
  | 'dropSchema'
  | 'driver'
  | 'nativeDriver'
  | 'cache'
  | 'replication'
> {
  readonly type?: 'postgres';
  /**
   * Schemas that every tenant may read without naming them, after its own: for extensions that are installed into a
   * schema of their own. Never `public`. @defaultValue `[]`
   */
  readonly sharedSchemas?: readonly string[];
  /**
   * Database roles that `TenantSchemaService` lets read and write the tables of a schema it makes, for services that do
   * not own the schemas. @defaultValue `[]`
   */
  readonly grantTo?: readonly string[];
  /**
   * How many connections of the pool one tenant may use at once. Who comes past it waits for the tenant's own, and after
   * `maxConnectionWait` gets a `TenantQuotaExceededError` (429). @defaultValue no limit but the pool's
   */
  readonly maxConnectionsPerTenant?: number;
  /** How long that wait may last, in milliseconds. @defaultValue `1_000` */
  readonly maxConnectionWait?: number;
  /**
   * Refuse to start, instead of a warning, where the login role could reach around the binding: a superuser, or one whose
   * own search_path is not empty. @defaultValue `false`
   */
  readonly strict?: boolean;
}
