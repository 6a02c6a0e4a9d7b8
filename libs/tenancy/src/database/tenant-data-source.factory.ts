import { Logger } from '@nestjs/common';
import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { CannotConnectAlreadyConnectedError, DataSource } from 'typeorm';
import type { Observable } from 'rxjs';
import { Subject } from 'rxjs';
import { currentScope, runInScope } from '../context/tenancy-scope.js';
import type { IsolationViolationError } from '../tenancy.errors.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';
import { bindDataSource } from './orm/bound-data-source.js';
import { guardDataSource, guardEntityMetadata } from './orm/guard-data-source.js';
import { loginRoleWarnings } from './server/login-role.js';
import { DEFAULT_SERVER, TenantBindings } from './binding/tenant-binding.js';
import { OutsideTransaction } from './outside/outside-transaction.js';
import type { PlainQueryRunner } from './outside/plain-query.js';
import type { DatabaseServer } from './server/server-pools.js';
import { ServerPools } from './server/server-pools.js';
import type { TenantDatabaseOptions, TenantDatabaseServers } from './tenant-database-options.js';
import { commonOptions, serverOptions } from './server/tenant-database-servers.js';
import { TenantSettings } from './tenant-settings.js';
import type { Within } from './orm/within.js';

const FORBIDDEN = ['schema', 'synchronize', 'migrationsRun', 'dropSchema', 'driver', 'nativeDriver'];

/**
 * Makes the DataSource of all tenants: one pool for each database server, and every statement bound to the current
 * tenant's schema in the round trip that it makes anyway.
 *
 * @example await factory.forTenant('acme').getRepository(Message).count()
 */
export class TenantDataSourceFactory {
  /** The DataSource that follows the current tenant: the one that is injected. */
  readonly dataSource: DataSource;
  /** The same DataSource bound to the system: the schema `public` of the default server, whatever the current tenant. */
  readonly system: DataSource;
  /** Connections beside the pool, for what cannot run in a transaction: see `TenantDatabase.outsideTransaction()`. */
  readonly outside: PlainQueryRunner;
  /** Where a server contradicted the binding of a statement: its connection was destroyed. Also logged as an error. */
  readonly violations: Observable<IsolationViolationError>;
  private readonly options: TenantDatabaseOptions;
  private readonly settings: TenantSettings;
  private readonly bindings: TenantBindings;
  private readonly pools: ServerPools;
  private readonly logger = new Logger('TenancyModule');
  private readonly views = new WeakMap<Tenant, DataSource>();

  constructor(
    options: TenantDatabaseOptions | TenantDatabaseServers,
    private readonly lookUp: (id: string) => Promise<Tenant>,
    /** Is told of a tenant that the server refuses to write for: it is moved to another one, or was. */
    onReadOnly?: (tenantId: string) => void,
  ) {
    const servers = serverOptions(options);
    this.options = commonOptions(options);
    this.settings = new TenantSettings(this.options);
    this.bindings = new TenantBindings({ servers, onReadOnly, settingsOf: (tenant) => this.settings.of(tenant) });
    const violations = new Subject<IsolationViolationError>();
    this.violations = violations.asObservable();
    this.pools = new ServerPools(servers, this.bindings, (violation) => {
      this.logger.error(violation.message);
      violations.next(violation);
    });
    this.outside = new OutsideTransaction(this.bindings, (server) => this.pools.clientOptions(server));
    this.dataSource = new DataSource(toDataSourceOptions(this.options, this.pools));
    guardDataSource(this.dataSource, {
      find: () => this.bindings.find(currentScope())?.key,
      get: () => this.bindings.of(currentScope()).key,
      isSystem: () => currentScope()?.system === true,
    });
    this.system = this.systemOf(DEFAULT_SERVER);
  }

  /**
   * The DataSource bound to the system of a named database server: its schema `public`, whatever the current tenant.
   * Throws `TenantDatabaseUnknownError` where there is no such server.
   */
  systemOf(database: string): DataSource {
    const scope = { system: true, database };
    this.bindings.of(scope);
    return this.bind(async (work) => runInScope({ ...scope }, work));
  }

  /** What is known of a named database server, from `initialize()` on. */
  serverOf(database: string): { readonly isDirect: boolean; readonly poolSize: number } {
    return this.pools.known(database);
  }

  /**
   * A DataSource that is bound to a tenant whatever the context says. Given an id, the tenant is looked up, and must be
   * active, at each statement. Light: a view of the one DataSource, which must not be destroyed.
   */
  forTenant(tenant: Tenant | string): DataSource {
    if (typeof tenant === 'string') {
      return this.bind(async (work) => runInScope({ tenant: await this.lookUp(tenant) }, work));
    }
    // A copy, where it is not frozen: what a view is bound to must not change under it.
    const defined = defineTenant(tenant);
    const known = this.views.get(defined);
    if (known) return known;
    const view = this.bind(async (work) => runInScope({ tenant: defined }, work));
    this.views.set(defined, view);
    return view;
  }

  /**
   * A DataSource in a tenant's schema with the rights of the login role: neither the tenant's own role nor its
   * `statementTimeout` is set. For what makes and migrates the schema, as TenantSchemaService does; never for a request.
   */
  forOwner(tenant: Tenant): DataSource {
    const defined = defineTenant(tenant);
    return this.bind(async (work) => runInScope({ tenant: defined, owner: true }, work));
  }

  private bind(within: Within): DataSource {
    return bindDataSource(this.dataSource, within);
  }

  /**
   * Connects to every database server, and says what about the login role would weaken the isolation. Called when the
   * module starts.
   */
  async initialize(): Promise<void> {
    if (this.dataSource.isInitialized) throw new CannotConnectAlreadyConnectedError();
    try {
      await this.connect();
    } catch (error) {
      await this.destroy();
      throw error;
    }
  }

  private async connect(): Promise<void> {
    // Before TypeORM asks anything: what it would make of answers that are not to be relied on says nothing.
    const servers = await this.pools.open();
    await runInScope({ system: true }, () => this.dataSource.initialize());
    guardEntityMetadata(this.dataSource);
    // TypeORM remembers the schema it connected in, and would look for every tenant's tables there.
    Object.assign(this.dataSource.driver, { schema: undefined, searchSchema: undefined });
    for (const { name } of servers) this.settings.learn(name, await databaseNameOf(this.systemOf(name)));
    const warnings = (await Promise.all(servers.map((server) => this.warningsOf(server)))).flat();
    if (warnings.length > 0 && this.options.strict) throw new TenancyOptionsError(warnings.join('\n'));
    for (const warning of warnings) this.logger.warn(warning);
  }

  private async warningsOf({ name, title }: DatabaseServer): Promise<string[]> {
    const warnings = await loginRoleWarnings(this.systemOf(name), this.options);
    return this.pools.isSingle ? warnings : warnings.map((warning) => `${title}: ${warning}`);
  }

  async destroy(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
    await this.pools.end();
  }
}

async function databaseNameOf(system: DataSource): Promise<string> {
  const [{ name }] = await system.query<Array<{ name: string }>>('SELECT pg_catalog.current_database() AS name');
  return name;
}

function toDataSourceOptions(options: TenantDatabaseOptions, pools: ServerPools): DataSourceOptions {
  for (const name of FORBIDDEN) {
    if (name in options && (options as Record<string, unknown>)[name] !== undefined) {
      throw new TenancyOptionsError(
        `database.${name} would go round the tenants. Leave it out; schemas are made and migrated by TenantSchemaService.`,
      );
    }
  }
  const {
    default: _default,
    sharedSchemas: _sharedSchemas,
    isolation: _isolation,
    statementTimeout: _statementTimeout,
    grantTo: _grantTo,
    strict: _strict,
    maxConnectionsPerTenant: _maxConnectionsPerTenant,
    maxConnectionWait: _maxConnectionWait,
    prepare: _prepare,
    affinity: _affinity,
    maxSchemasPerConnection: _maxSchemasPerConnection,
    ...rest
  } = options;
  return {
    // uuid-ossp would be installed into whichever schema comes first; gen_random_uuid() is PostgreSQL's own.
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    ...rest,
    type: 'postgres',
    driver: { ...pg, Pool: poolOf(pools) },
  };
}

/** TypeORM says `new` to what it takes for a pool's class, and is given the pool that is there. */
function poolOf(pools: ServerPools): unknown {
  return function pool() {
    return pools.pool;
  };
}
