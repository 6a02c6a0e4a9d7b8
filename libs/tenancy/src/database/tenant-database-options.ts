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
   * Keep the statements of busy tenants prepared on each connection: one name for each statement of each tenant, at most
   * `max` (1,000 for `true`) on a connection, the least recently used ones dropped. The server then neither parses nor plans
   * them again; it pays with memory for each. Not used behind a transaction pooler. @defaultValue `false`
   */
  readonly prepare?: boolean | { readonly max: number };
  /**
   * Let tenants come back to connections that have served them. A server process reads the catalog of each schema that it
   * meets, and keeps it: with thousands of tenants that is its time and its memory. Nobody waits longer than 2 ms for such a
   * connection. @defaultValue `true`
   */
  readonly affinity?: boolean;
  /**
   * How many schemas a connection may work in before it is replaced by a new one, whose server process has to learn them
   * anew and needs no memory for those that do not come back. `extra.maxLifetimeSeconds` (3,600) replaces by age.
   * @defaultValue `4_000`
   */
  readonly maxSchemasPerConnection?: number;
  /**
   * Refuse to start, instead of a warning, where the login role could reach around the binding: a superuser, or one whose
   * own search_path is not empty. @defaultValue `false`
   */
  readonly strict?: boolean;
}
