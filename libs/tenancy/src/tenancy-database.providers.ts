import type { Provider } from '@nestjs/common';
import { DataSource, EntityManager } from 'typeorm';
import { withoutSecrets } from './config/secrets/without-secrets.js';
import { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';
import { TenantDatabase } from './database/tenant-database.js';
import { outline } from './database/binding/sql-outline.js';
import { DEFAULT_SERVER } from './database/binding/tenant-binding.js';
import { loginRoleFaults } from './database/server/login-role.js';
import { commonOptions, serverOptions } from './database/server/tenant-database-servers.js';
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
import { TenantSchemaService } from './schemas/tenant-schema.service.js';
import type { TenancyModuleOptions } from './tenancy-options.interface.js';
import { TenancyOptionsError } from './tenancy.errors.js';
import { TENANCY_OPTIONS, TENANT_STORE } from './tenancy.tokens.js';
import { TenantIdValidator } from './tenants/tenant-id.js';
import type { TenantStore } from './tenants/tenant-store.js';
import type { Tenant } from './tenants/tenant.js';
import { defineTenant } from './tenants/tenant.js';
import { TenantService } from './tenants/tenant.service.js';
import { TypeOrmTenantStore } from './tenants/typeorm-tenant-store.js';

/** What an application has only where it gave a `database`. Another DataSource of its own is then not in the way. */
export const DATABASE: Provider[] = [
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

export const DATABASE_EXPORTS = [
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

function withDataSource(database: TenantDataSourceFactory | null): TenantDataSourceFactory {
  if (database) return database;
  throw new TenancyOptionsError(
    'The option `database` is missing. Give it, or tell forRootAsync() that there is none: `withDatabase: false`.',
  );
}
