import type { DynamicModule, Provider } from '@nestjs/common';
import { CACHE_MANAGER } from '@nestjs/cache-manager';
import { ConfigService } from '@nestjs/config';
import {
  APP_FILTER,
  APP_GUARD,
  ApplicationConfig,
  HttpAdapterHost,
  ModuleRef,
  ModulesContainer,
  Reflector,
} from '@nestjs/core';
import type { Cache } from 'cache-manager';
import { DataSource, EntityManager } from 'typeorm';
import { withoutSecrets } from './config/secrets/without-secrets.js';
import { TenantConfigService } from './config/tenant-config.service.js';
import { TenantContext } from './context/tenant-context.js';
import { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';
import { TenantDatabase } from './database/tenant-database.js';
import { outline } from './database/binding/sql-outline.js';
import { DEFAULT_SERVER } from './database/binding/tenant-binding.js';
import { loginRoleFaults } from './database/server/login-role.js';
import { commonOptions, serverOptions } from './database/server/tenant-database-servers.js';
import { ClaimAgreementInterceptor } from './resolution/claim-agreement.interceptor.js';
import { ExecutionClaims } from './resolution/execution-claims.js';
import { excludedPaths } from './resolution/excluded-paths.js';
import { addGatewayFilter } from './resolution/gateway-filters.js';
import { HttpEntry } from './resolution/http-entry.js';
import { addMessageGuard } from './resolution/message.guard.js';
import { MessageScopes } from './resolution/message-scopes.js';
import { HeaderTenantResolver } from './resolution/resolvers/header.resolver.js';
import { RequestScopes } from './resolution/request-scopes.js';
import { keepSseScopes } from './resolution/sse-scopes.js';
import { SocketScopes } from './resolution/socket-scopes.js';
import { TenancyExceptionFilter } from './resolution/tenancy-exception.filter.js';
import { TenantGuard } from './resolution/tenant.guard.js';
import { TenantMiddleware } from './resolution/tenant.middleware.js';
import { TenantResolution } from './resolution/tenant-resolution.js';
import { TenantExports } from './schemas/exporting/tenant-exports.js';
import { TenantLifecycle } from './schemas/lifecycle/tenant-lifecycle.js';
import { TenantMigrations } from './schemas/migrations/tenant-migrations.js';
import { TenantMoves } from './schemas/moving/tenant-moves.js';
import type { ExaminedServer } from './schemas/examining/examination.js';
import { TenancyDoctor } from './schemas/examining/tenancy-doctor.js';
import { KnownMigrations } from './schemas/migrations/known-migrations.js';
import { findReady } from './schemas/ready/ready-list.js';
import { ReadySchemas } from './schemas/ready/ready-schemas.js';
import { SchemaGrants } from './schemas/schema-grants.js';
import { TenantErasure } from './schemas/tenant-erasure.js';
import { TenantRoles } from './schemas/tenant-roles.js';
import { TrustedHints } from './resolution/trusted-hints.js';
import { TenantSchemaService } from './schemas/tenant-schema.service.js';
import { forgetMoved } from './forget-moved.js';
import { TenancyEvents } from './tenancy-events.js';
import { TenantlessGlobals } from './tenantless-globals.js';
import type { TenancyModuleOptions } from './tenancy-options.interface.js';
import { TenancyOptionsError } from './tenancy.errors.js';
import { REQUEST_CLAIMS, TENANCY_OPTIONS, TENANT_STORE } from './tenancy.tokens.js';
import { TenantAdministration } from './tenants/tenant-administration.js';
import { TenantIdValidator } from './tenants/tenant-id.js';
import type { TenantStore } from './tenants/tenant-store.js';
import type { Tenant } from './tenants/tenant.js';
import { defineTenant } from './tenants/tenant.js';
import { TenantService } from './tenants/tenant.service.js';
import { TypeOrmTenantStore } from './tenants/typeorm-tenant-store.js';
import { TenantChangesWatch } from './tenant-changes-watch.js';

/** All wiring: each part is handed its slice of the options and knows nothing of the rest. */
const CORE: Provider[] = [
  {
    provide: TenantIdValidator,
    inject: [TENANCY_OPTIONS],
    useFactory: ({ idPattern }: TenancyModuleOptions) => new TenantIdValidator(idPattern),
  },
  {
    // Null without a database: the module then binds requests, jobs and settings only.
    provide: TenantDataSourceFactory,
    inject: [TENANCY_OPTIONS, ModuleRef],
    useFactory: async ({ database }: TenancyModuleOptions, modules: ModuleRef) => {
      if (!database) return null;
      // Looked up when it is used: the store that the service reads may itself read this database.
      const tenants = () => modules.get(TenantService, { strict: false });
      const lookUp = (id: string) => tenants().getTenant(id);
      const factory = new TenantDataSourceFactory(
        database,
        lookUp,
        forgetMoved((id) => tenants().invalidate(id)),
      );
      await factory.initialize();
      return factory;
    },
  },
  {
    provide: TENANT_STORE,
    inject: [TENANCY_OPTIONS, TenantDataSourceFactory],
    useFactory: ({ store }: TenancyModuleOptions, database: TenantDataSourceFactory | null): TenantStore => {
      if (!store) throw new TenancyOptionsError('The option `store` is missing: it knows the tenants.');
      return typeof store === 'function' ? store(requireDatabase(database)) : store;
    },
  },
  {
    provide: TenantService,
    inject: [TENANT_STORE, { token: CACHE_MANAGER, optional: true }, TENANCY_OPTIONS, TenantIdValidator],
    useFactory: (
      store: TenantStore,
      // The application's CacheModule where it has a global one: that is where Redis comes in. Without it the service
      // keeps what it knows in this process alone, and a second copy there would only grow.
      cache: Cache | undefined,
      { cache: options }: TenancyModuleOptions,
      ids: TenantIdValidator,
    ) => new TenantService(store, cache, options, ids),
  },
  {
    provide: TenantChangesWatch,
    inject: [TenantService, TENANCY_OPTIONS],
    useFactory: (tenants: TenantService, { watch = true }: TenancyModuleOptions) =>
      new TenantChangesWatch(watch ? tenants : undefined),
  },
  TenantContext,
  {
    provide: TenantConfigService,
    inject: [TenantContext, TenantService, { token: ConfigService, optional: true }, TENANCY_OPTIONS],
    useFactory: (
      context: TenantContext,
      tenants: TenantService,
      base: ConfigService | undefined,
      { config }: TenancyModuleOptions,
    ) => new TenantConfigService(context, tenants, base, config),
  },
  {
    provide: TenantResolution,
    inject: [TENANCY_OPTIONS, TenantService, TenantIdValidator],
    useFactory: ({ resolvers, trustedHints }: TenancyModuleOptions, tenants: TenantService, ids: TenantIdValidator) => {
      // Who trusts a gateway's hints alone has no use for a header that anybody may send.
      const own = resolvers ?? (trustedHints?.resolvers?.length ? [] : [new HeaderTenantResolver()]);
      return new TenantResolution(own, tenants, ids, new TrustedHints(trustedHints));
    },
  },
  {
    provide: REQUEST_CLAIMS,
    inject: [TenantResolution, Reflector],
    useFactory: (resolution: TenantResolution, reflector: Reflector) => new ExecutionClaims(resolution, reflector),
  },
  {
    provide: RequestScopes,
    inject: [TenantResolution, TENANCY_OPTIONS],
    useFactory: (resolution: TenantResolution, { exclude, required }: TenancyModuleOptions) =>
      new RequestScopes(resolution, exclude?.length ? excludedPaths(exclude) : undefined, required ?? true),
  },
  TenantMiddleware,
  {
    provide: HttpEntry,
    inject: [HttpAdapterHost, ModulesContainer, TenantMiddleware],
    useFactory: (host: HttpAdapterHost, modules: ModulesContainer, middleware: TenantMiddleware) => {
      keepSseScopes(modules);
      return new HttpEntry(host, modules, middleware);
    },
  },
  {
    provide: SocketScopes,
    inject: [ApplicationConfig, RequestScopes, ModulesContainer, HttpAdapterHost],
    useFactory: (
      config: ApplicationConfig,
      scopes: RequestScopes,
      modules: ModulesContainer,
      adapterHost: HttpAdapterHost,
    ) => {
      addGatewayFilter(modules, new TenancyExceptionFilter(adapterHost));
      return new SocketScopes(config, scopes);
    },
  },
  {
    provide: MessageScopes,
    inject: [ApplicationConfig, TenantService, TenantIdValidator, TENANCY_OPTIONS, ModulesContainer, Reflector],
    useFactory: (
      config: ApplicationConfig,
      tenants: TenantService,
      ids: TenantIdValidator,
      { required }: TenancyModuleOptions,
      modules: ModulesContainer,
      reflector: Reflector,
    ) => {
      addMessageGuard(modules, reflector);
      return new MessageScopes(config, tenants, ids, required ?? true);
    },
  },
  {
    provide: TenancyEvents,
    inject: [
      TenantDataSourceFactory,
      { token: TenantLifecycle, optional: true },
      { token: TenantMigrations, optional: true },
      ModuleRef,
    ],
    useFactory: (
      database: TenantDataSourceFactory | null,
      lifecycle: TenantLifecycle | null | undefined,
      migrations: TenantMigrations | undefined,
      modules: ModuleRef,
    ) => new TenancyEvents({ database, lifecycle, migrations }, modules),
  },
  {
    // Null where the store only reads. One that has the methods is the administration itself.
    provide: TenantAdministration,
    inject: [TENANT_STORE, { token: TenantLifecycle, optional: true }],
    useFactory: (store: TenantStore, lifecycle: TenantLifecycle | null | undefined): TenantAdministration | null =>
      lifecycle ?? (isAdministration(store) ? store : null),
  },
  TenantlessGlobals,
  { provide: APP_GUARD, useClass: TenantGuard },
  {
    provide: ClaimAgreementInterceptor,
    inject: [TenantResolution, Reflector, ApplicationConfig, ModulesContainer],
    useFactory: (
      resolution: TenantResolution,
      reflector: Reflector,
      config: ApplicationConfig,
      modules: ModulesContainer,
    ) => {
      const interceptor = new ClaimAgreementInterceptor(resolution, reflector);
      // Not as an APP_INTERCEPTOR: where it has nothing to do, each request would pay more for it than for all the rest.
      if (resolution.hasClaims || usesGraphQL(modules)) config.useGlobalInterceptors(interceptor);
      return interceptor;
    },
  },
  { provide: APP_FILTER, useClass: TenancyExceptionFilter },
];

/** What an application has only where it gave a `database`. Another DataSource of its own is then not in the way. */
const DATABASE: Provider[] = [
  {
    provide: DataSource,
    inject: [TenantDataSourceFactory],
    useFactory: (factory: TenantDataSourceFactory | null) => withDataSource(factory).dataSource,
  },
  {
    provide: EntityManager,
    inject: [TenantDataSourceFactory],
    useFactory: (factory: TenantDataSourceFactory | null) => withDataSource(factory).dataSource.manager,
  },
  {
    provide: TenantDatabase,
    inject: [TenantDataSourceFactory, TenantService],
    useFactory: (factory: TenantDataSourceFactory | null, tenants: TenantService) => {
      const { dataSource, outside } = withDataSource(factory);
      return new TenantDatabase(dataSource, (id) => tenants.getTenant(id), outside);
    },
  },
  {
    provide: TenantSchemaService,
    inject: [TenantDataSourceFactory, TENANCY_OPTIONS],
    useFactory: (given: TenantDataSourceFactory | null, { database }: TenancyModuleOptions) => {
      const factory = withDataSource(given);
      const grantTo = database && commonOptions(database).grantTo;
      const roles = database && tenantRoles(database);
      return new TenantSchemaService(factory.dataSource, (tenant) => factory.forOwner(tenant), grantTo, roles);
    },
  },
  {
    // Null where the table of the tenants is somebody else's.
    provide: TenantLifecycle,
    inject: [
      TENANT_STORE,
      TenantDataSourceFactory,
      TenantSchemaService,
      ReadySchemas,
      TenantErasure,
      TenantService,
      TenantIdValidator,
      TENANCY_OPTIONS,
    ],
    useFactory: (
      store: TenantStore,
      factory: TenantDataSourceFactory | null,
      schemas: TenantSchemaService,
      ready: ReadySchemas,
      erasure: TenantErasure,
      tenants: TenantService,
      ids: TenantIdValidator,
      { database, lifecycle }: TenancyModuleOptions,
    ): TenantLifecycle | null => {
      if (!(store instanceof TypeOrmTenantStore) || !factory || !database) return null;
      const servers = serverOptions(database);
      return new TenantLifecycle(
        {
          registry: store.registry,
          schemas,
          ready,
          ids,
          hasDatabase: (name) => servers.has(name),
          eraseElsewhere: (tenant) => erasure.erase(tenant),
          onChange: (id) => tenants.invalidate(id),
        },
        lifecycle,
      );
    },
  },
  {
    provide: TenantMigrations,
    inject: [TenantDataSourceFactory, TenantService, TENANCY_OPTIONS],
    useFactory: (
      given: TenantDataSourceFactory | null,
      tenants: TenantService,
      { database }: TenancyModuleOptions,
    ): TenantMigrations => {
      const factory = withDataSource(given);
      return new TenantMigrations({
        dataSource: factory.dataSource,
        forOwner: (tenant) => factory.forOwner(tenant),
        systemOf: (server) => factory.systemOf(server),
        outside: (tenant, sql, values) => factory.outside.runAsOwner(tenant, (query) => query(sql, values)),
        outline,
        tenants,
        grants: schemaGrants(database),
      });
    },
  },
  {
    provide: ReadySchemas,
    inject: [TenantDataSourceFactory, TenantSchemaService, TENANCY_OPTIONS],
    useFactory: (
      given: TenantDataSourceFactory | null,
      schemas: TenantSchemaService,
      { database }: TenancyModuleOptions,
    ): ReadySchemas => {
      const factory = withDataSource(given);
      return new ReadySchemas({
        dataSource: factory.dataSource,
        forOwner: (tenant) => factory.forOwner(tenant),
        systemOf: (server) => factory.systemOf(server),
        schemas,
        grants: schemaGrants(database),
      });
    },
  },
  {
    provide: TenancyDoctor,
    inject: [TenantDataSourceFactory, TenantService, TENANCY_OPTIONS],
    useFactory: (
      given: TenantDataSourceFactory | null,
      tenants: TenantService,
      { database }: TenancyModuleOptions,
    ): TenancyDoctor => {
      const factory = withDataSource(given);
      const { isolation = 'schema', grantTo = [], migrations = {}, migrationsTableName } = commonOptions(database!);
      return new TenancyDoctor({
        servers: () => examinedServers(factory, database!),
        use: { isolation, makesSchemas: Object.keys(migrations).length > 0, grantTo, roles: tenantRoles(database!) },
        tenants,
        migrationsTable: migrationsTableName ?? 'migrations',
      });
    },
  },
  {
    provide: TenantMoves,
    inject: [
      TenantDataSourceFactory,
      TENANT_STORE,
      TenantLifecycle,
      TenantService,
      TenantIdValidator,
      TenantMigrations,
      TenantSchemaService,
      TENANCY_OPTIONS,
    ],
    useFactory: (
      given: TenantDataSourceFactory | null,
      store: TenantStore,
      lifecycle: TenantLifecycle | null,
      tenants: TenantService,
      ids: TenantIdValidator,
      migrations: TenantMigrations,
      schemas: TenantSchemaService,
      { database }: TenancyModuleOptions,
    ): TenantMoves => {
      const factory = withDataSource(given);
      return new TenantMoves({
        dataSource: factory.dataSource,
        forOwner: (tenant) => factory.forOwner(tenant),
        systemOf: (server) => factory.systemOf(server),
        servers: serverNames(database),
        grants: schemaGrants(database),
        registry: {
          find: (id) => findInStore(store, ids, id),
          place: (id, placement) => (lifecycle ?? placerOf(store)).placeTenant(id, placement),
          forget: (id) => tenants.invalidate(id),
        },
        drift: (tenant) => migrations.drift({ tenants: [tenant] }),
        drop: (tenant) => schemas.drop(tenant),
      });
    },
  },
  {
    provide: TenantExports,
    inject: [TenantDataSourceFactory, TENANT_STORE, TenantIdValidator, TENANCY_OPTIONS],
    useFactory: (
      given: TenantDataSourceFactory | null,
      store: TenantStore,
      ids: TenantIdValidator,
      { database, config }: TenancyModuleOptions,
    ): TenantExports => {
      const factory = withDataSource(given);
      return new TenantExports({
        find: (id) => findInStore(store, ids, id),
        forOwner: (tenant) => factory.forOwner(tenant),
        systemOf: (server) => factory.systemOf(server),
        migrationsTable: (database && commonOptions(database).migrationsTableName) ?? 'migrations',
        withoutSecrets: (stored) => withoutSecrets(stored, config?.keys),
      });
    },
  },
  {
    provide: TenantErasure,
    inject: [TenantDataSourceFactory, TenantService, TenantSchemaService, TENANCY_OPTIONS],
    useFactory: (
      given: TenantDataSourceFactory | null,
      tenants: TenantService,
      schemas: TenantSchemaService,
      { database }: TenancyModuleOptions,
    ): TenantErasure => {
      const factory = withDataSource(given);
      return new TenantErasure({
        servers: serverNames(database),
        systemOf: (server) => factory.systemOf(server),
        drop: (tenant) => schemas.drop(tenant),
        forget: (id) => tenants.invalidate(id),
      });
    },
  },
];

const CORE_EXPORTS = [
  TenantService,
  TenantContext,
  TenantConfigService,
  TenantResolution,
  TenantAdministration,
  TenantDataSourceFactory,
  // What a module needs that mounts TenantMiddleware once more, where it wants to have it.
  RequestScopes,
  // For what is made in the application's modules: TenantCacheInterceptor, TenantThrottlerGuard.
  REQUEST_CLAIMS,
];
const DATABASE_EXPORTS = [
  DataSource,
  EntityManager,
  TenantDatabase,
  TenantSchemaService,
  TenantLifecycle,
  TenantMigrations,
  TenantMoves,
  TenantExports,
  TenantErasure,
  ReadySchemas,
  TenancyDoctor,
];

/** The providers of the module, and those that other modules may inject. */
export function tenancyProviders(withDatabase: boolean): Required<Pick<DynamicModule, 'providers' | 'exports'>> {
  return withDatabase
    ? { providers: [...CORE, ...DATABASE], exports: [...CORE_EXPORTS, ...DATABASE_EXPORTS] }
    : { providers: CORE, exports: CORE_EXPORTS };
}

function isAdministration(store: TenantStore): store is TenantStore & TenantAdministration {
  return 'createTenant' in store && 'suspendTenant' in store;
}

/** The fields of one GraphQL request share its scope: only an interceptor gives one of them another. */
function usesGraphQL(modules: ModulesContainer): boolean {
  return [...modules.values()].some(({ metatype }) => metatype.name === 'GraphQLModule');
}

function serverNames(database: TenancyModuleOptions['database']): string[] {
  return database ? [...serverOptions(database).keys()] : [];
}

/** Past every cache. */
async function findInStore(store: TenantStore, ids: TenantIdValidator, id: string): Promise<Tenant | undefined> {
  const found = await store.findById(ids.parse(id));
  return found && defineTenant(found);
}

interface TenantPlacer {
  placeTenant(id: string, placement: { readonly database: string; readonly from: string }): Promise<unknown>;
}

function placerOf(store: TenantStore): TenantPlacer {
  if ('placeTenant' in store) return store as TenantStore & TenantPlacer;
  throw new TenancyOptionsError('The tenant store has no placeTenant(), which says where a tenant was moved to.');
}

function examinedServers(
  factory: TenantDataSourceFactory,
  database: NonNullable<TenancyModuleOptions['database']>,
): ExaminedServer[] {
  return [...serverOptions(database)].map(([name, { sharedSchemas = [] }]) => {
    const system = factory.systemOf(name);
    return {
      name,
      system,
      sharedSchemas,
      ...factory.serverOf(name),
      loginRole: () => loginRoleFaults(system, commonOptions(database)),
      readySchemas: () => findReady(system, name, new KnownMigrations(factory.dataSource)),
    };
  });
}

function schemaGrants(database: TenancyModuleOptions['database']): SchemaGrants {
  return new SchemaGrants(database && commonOptions(database).grantTo, database && tenantRoles(database));
}

function tenantRoles(database: NonNullable<TenancyModuleOptions['database']>): TenantRoles | undefined {
  const { isolation, migrationsTableName } = commonOptions(database);
  if (isolation !== 'role') return undefined;
  const servers = serverOptions(database);
  return new TenantRoles(
    (tenant) => servers.get(tenant.database ?? DEFAULT_SERVER)?.sharedSchemas,
    migrationsTableName,
  );
}

function requireDatabase(database: TenantDataSourceFactory | null): TenantDataSourceFactory {
  if (database) return database;
  throw new TenancyOptionsError(
    'The option `store` is a function that is given the database, and `database` is missing.',
  );
}

function withDataSource(database: TenantDataSourceFactory | null): TenantDataSourceFactory {
  if (database) return database;
  throw new TenancyOptionsError(
    'The option `database` is missing. Give it, or tell forRootAsync() that there is none: `withDatabase: false`.',
  );
}
