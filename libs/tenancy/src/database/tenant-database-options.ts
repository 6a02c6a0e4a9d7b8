import type { DataSourceOptions } from 'typeorm';
import type { Tenant } from '../tenants/tenant.js';

type PostgresOptions = Extract<DataSourceOptions, { type: 'postgres' }>;

/**
 * What may differ from one database server to the next: TypeORM's own options of where it is, how to log in and how many
 * connections to keep, and what this module does there. What a named server does not say is as in `default`, except
 * where it is and how to log in: `url`, `host`, `port`, `username`, `password` and `database` are never taken from there.
 */
export interface TenantDatabaseServerOptions extends Pick<
  PostgresOptions,
  | 'url'
  | 'host'
  | 'port'
  | 'username'
  | 'password'
  | 'database'
  | 'ssl'
  | 'applicationName'
  | 'connectTimeoutMS'
  | 'poolSize'
  | 'extra'
> {
  /**
   * Schemas that every tenant may read without naming them, after its own: for extensions that are installed into a
   * schema of their own. Never `public`. @defaultValue `[]`
   */
  readonly sharedSchemas?: readonly string[];
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
}

/**
 * TypeORM's own options of a PostgreSQL DataSource, without those that would go round the tenants (`schema`,
 * `synchronize`, `migrationsRun`, `dropSchema`, `driver`), and a few of this module's.
 */
export interface TenantDatabaseOptions
  extends
    TenantDatabaseServerOptions,
    Omit<
      PostgresOptions,
      | keyof TenantDatabaseServerOptions
      | 'type'
      | 'schema'
      | 'synchronize'
      | 'migrationsRun'
      | 'dropSchema'
      | 'driver'
      | 'nativeDriver'
      | 'replication'
    > {
  /** Tells this form from `TenantDatabaseServers`, which has one. */
  readonly default?: undefined;
  readonly type?: 'postgres';
  /**
   * What keeps a tenant in its schema. `'schema'`: its search_path; a statement that names another schema is refused only by
   * the rights of the login role. `'role'`: a database role of the tenant's own as well, which may use nothing but that
   * schema; `TenantSchemaService` makes it. @defaultValue `'schema'`
   */
  readonly isolation?: 'schema' | 'role';
  /**
   * After how many milliseconds the server cuts a statement of a tenant off, which is then a `StatementTimeoutError` (504).
   * A function is asked once for each tenant object; where it gives nothing, the login role's own setting holds, as it does
   * for the system and for migrations. @defaultValue the login role's own `statement_timeout`
   */
  readonly statementTimeout?: number | ((tenant: Tenant) => number | undefined);
  /**
   * TypeORM's cache of query results: each tenant has its own entries. `type: 'redis'` and a `provider` are shared by all
   * instances; with `ignoreErrors: true` a Redis that is away is a cache miss. `true` and `type: 'database'` keep results in
   * a table in each tenant's schema, which a migration makes. @defaultValue no cache
   *
   * @example
   * // in a migration
   * async up(runner: QueryRunner) {
   *   await runner.dataSource.queryResultCache?.synchronize(runner);
   * }
   */
  readonly cache?: PostgresOptions['cache'];
  /**
   * Database roles that `TenantSchemaService` lets read and write the tables of a schema it makes, for services that do
   * not own the schemas. With `isolation: 'role'` they may take on the tenants' roles instead. @defaultValue `[]`
   */
  readonly grantTo?: readonly string[];
  /**
   * Refuse to start, instead of a warning, where the login role could reach around the binding: a superuser, one that row-level
   * security does not hold for, one whose own search_path is not empty, and with `isolation: 'role'` one that has more rights
   * to the tenants' schemas than its service needs. @defaultValue `false`
   */
  readonly strict?: boolean;
}

/**
 * Several database servers by name. A tenant's `database` says which one its schema is on; without one it is `default`,
 * where the system is too. All of them have the same entities and migrations, which `default` has to say.
 *
 * @example
 * database: {
 *   default: { url: process.env.DATABASE_URL, entities: [Message] },
 *   eu: { url: process.env.DATABASE_URL_EU, poolSize: 20 },
 * }
 */
export interface TenantDatabaseServers {
  readonly default: TenantDatabaseOptions;
  readonly [name: string]: TenantDatabaseServerOptions;
}
