import { Logger } from '@nestjs/common';
import pg from 'pg';
import type { DataSourceOptions, QueryRunner } from 'typeorm';
import { DataSource } from 'typeorm';
import { runInScope } from '../context/tenancy-scope.js';
import { TenancyOptionsError } from '../tenancy.errors.js';
import type { Tenant } from '../tenants/tenant.js';
import { defineTenant } from '../tenants/tenant.js';
import { bindDataSource, scopeOf, withinOf } from './orm/bound-data-source.js';
import { EntityTenancy } from './orm/entity-tenancy.js';
import { GuardedEntityManager } from './orm/guarded-entity-manager.js';
import { isDirect } from './server/is-direct.js';
import { loginRoleWarnings } from './server/login-role.js';
import type { ServerTraits } from './binding/bound-client.js';
import { TenantBindings } from './binding/tenant-binding.js';
import type { TenantDatabaseOptions } from './tenant-database-options.js';
import { TenantPool } from './pool/tenant-pool.js';
import { TenantRelationLoader } from './orm/tenant-relation-loader.js';
import type { Within } from './orm/within.js';

const FORBIDDEN = [
  'schema',
  'synchronize',
  'migrationsRun',
  'dropSchema',
  'driver',
  'nativeDriver',
  'cache',
  'replication',
];

/**
 * Makes the DataSource of all tenants: one pool, and every statement bound to the current tenant's schema in the round
 * trip that it makes anyway.
 *
 * @example await factory.forTenant('acme').getRepository(Message).count()
 */
export class TenantDataSourceFactory {
  /** The DataSource that follows the current tenant: the one that is injected. */
  readonly dataSource: DataSource;
  /** The same DataSource bound to the system: the schema `public`, whatever the current tenant. */
  readonly system: DataSource;
  private readonly server: ServerTraits = { isDirect: false };
  private readonly entities: EntityTenancy;
  private readonly logger = new Logger('TenancyModule');
  private readonly views = new WeakMap<Tenant, DataSource>();

  constructor(
    private readonly options: TenantDatabaseOptions,
    private readonly lookUp: (id: string) => Promise<Tenant>,
  ) {
    const bindings = new TenantBindings(options);

    this.dataSource = new DataSource(toDataSourceOptions(options, bindings, this.server));
    const keyOf = (runner: QueryRunner | undefined) => bindings.find(scopeOf(runner))?.key;
    this.entities = new EntityTenancy(keyOf);
    guardEntities(this.dataSource, this.entities);
    this.system = this.bind(async (work) => runInScope({ system: true }, work));
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

  private bind(within: Within): DataSource {
    return bindDataSource(this.dataSource, this.entities, within);
  }

  /** Connects, and says what about the login role would weaken the isolation. Called when the module starts. */
  async initialize(): Promise<void> {
    await runInScope({ system: true }, () => this.dataSource.initialize());
    this.dataSource.subscribers.push(this.entities);
    // TypeORM remembers the schema it connected in, and would look for every tenant's tables there.
    Object.assign(this.dataSource.driver, { schema: undefined, searchSchema: undefined });
    this.server.isDirect = await isDirect(this.system);
    const warnings = await loginRoleWarnings(this.system);
    if (warnings.length > 0 && this.options.strict) {
      await this.destroy();
      throw new TenancyOptionsError(warnings.join('\n'));
    }
    for (const warning of warnings) this.logger.warn(warning);
  }

  async destroy(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}

/** Puts the guards of entities where TypeORM loads, stores and relates them, for this DataSource and all views of it. */
function guardEntities(dataSource: DataSource, entities: EntityTenancy): void {
  Object.assign(dataSource, {
    relationLoader: new TenantRelationLoader(dataSource, entities),
    createEntityManager(this: DataSource, runner?: QueryRunner) {
      return new GuardedEntityManager(this, runner, entities, withinOf(this));
    },
  });
  Object.assign(dataSource, { manager: dataSource.createEntityManager() });
}

function toDataSourceOptions(
  options: TenantDatabaseOptions,
  bindings: TenantBindings,
  server: ServerTraits,
): DataSourceOptions {
  for (const name of FORBIDDEN) {
    if (name in options && (options as Record<string, unknown>)[name] !== undefined) {
      throw new TenancyOptionsError(
        `database.${name} would go round the tenants. Leave it out; schemas are made and migrated by TenantSchemaService.`,
      );
    }
  }
  const {
    sharedSchemas: _sharedSchemas,
    grantTo: _grantTo,
    strict: _strict,
    maxConnectionsPerTenant: limit,
    maxConnectionWait: maxWait = 1_000,
    prepare,
    affinity,
    maxSchemasPerConnection: maxSchemas,
    extra,
    ...rest
  } = options;
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw new TenancyOptionsError(`database.maxConnectionsPerTenant is ${limit}; it must be a whole number above 0.`);
  }
  const pool = {
    bindings,
    server,
    affinity,
    maxSchemas,
    maxPrepared: typeof prepare === 'object' ? prepare.max : prepare ? 1_000 : 0,
    ...(limit === undefined ? {} : { perTenant: { limit, maxWait } }),
  };
  return {
    // uuid-ossp would be installed into whichever schema comes first; gen_random_uuid() is PostgreSQL's own.
    installExtensions: false,
    uuidExtension: 'pgcrypto',
    ...rest,
    type: 'postgres',
    driver: { ...pg, Pool: TenantPool },
    extra: { ...extra, ...pool },
  };
}
