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
import { TenantConfigService } from './config/tenant-config.service.js';
import { TenantContext } from './context/tenant-context.js';
import { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';
import { ClaimAgreementInterceptor } from './resolution/claim-agreement.interceptor.js';
import { ExecutionClaims } from './resolution/execution-claims.js';
import { excludedPaths } from './resolution/excluded-paths.js';
import { addGatewayFilter } from './resolution/gateway-filters.js';
import { guardFields } from './resolution/graphql-fields.js';
import { guardGatewayHooks } from './resolution/gateway-hooks.js';
import { HttpEntry } from './resolution/http-entry.js';
import { keepStreams } from './resolution/keep-streams.js';
import { listenOutside } from './resolution/listen-outside.js';
import { addMessageGuard } from './resolution/message.guard.js';
import { MessageScopes } from './resolution/message-scopes.js';
import { HeaderTenantResolver } from './resolution/resolvers/header.resolver.js';
import { noteUnsettled } from './resolution/refused-messages.js';
import { RequestScopes } from './resolution/request-scopes.js';
import { RouteTenancyGuard } from './resolution/route-tenancy.guard.js';
import { keepSseScopes } from './resolution/sse-scopes.js';
import { SocketScopes } from './resolution/socket-scopes.js';
import { TenancyExceptionFilter } from './resolution/tenancy-exception.filter.js';
import { TenantGuard } from './resolution/tenant.guard.js';
import { TenantMiddleware } from './resolution/tenant.middleware.js';
import { TenantResolution } from './resolution/tenant-resolution.js';
import { TenantLifecycle } from './schemas/lifecycle/tenant-lifecycle.js';
import { TenantMigrations } from './schemas/migrations/tenant-migrations.js';
import { TrustedHints } from './resolution/trusted-hints.js';
import { forgetMoved } from './forget-moved.js';
import { assertOneModule } from './one-module.js';
import { TenancyEvents } from './tenancy-events.js';
import { TenantlessGlobals } from './tenantless-globals.js';
import type { TenancyModuleOptions } from './tenancy-options.interface.js';
import { TenancyOptionsError } from './tenancy.errors.js';
import { REQUEST_CLAIMS, TENANCY_OPTIONS, TENANT_STORE } from './tenancy.tokens.js';
import { TenantAdministration } from './tenants/tenant-administration.js';
import { TenantIdValidator } from './tenants/tenant-id.js';
import type { TenantStore } from './tenants/tenant-store.js';
import { TenantService } from './tenants/tenant.service.js';
import { TenantChangesWatch } from './tenant-changes-watch.js';
import { DATABASE, DATABASE_EXPORTS } from './tenancy-database.providers.js';

/** All wiring, with tenancy-database.providers.ts: each part is handed its slice of the options and knows nothing of the rest. */
const CORE: Provider[] = [
  {
    provide: TenantIdValidator,
    inject: [TENANCY_OPTIONS],
    useFactory: ({ idPattern }: TenancyModuleOptions) => new TenantIdValidator(idPattern),
  },
  {
    // Null without a database: the module then binds requests, jobs and settings only.
    provide: TenantDataSourceFactory,
    inject: [TENANCY_OPTIONS, ModuleRef, ModulesContainer],
    useFactory: async ({ database }: TenancyModuleOptions, modules: ModuleRef, all: ModulesContainer) => {
      // Before anything is connected.
      assertOneModule(all);
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
      guardFields(modules);
      keepStreams(modules);
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
      guardGatewayHooks(modules);
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
      listenOutside(modules);
      noteUnsettled(modules);
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
  {
    provide: RouteTenancyGuard,
    inject: [Reflector, RequestScopes, ApplicationConfig],
    useFactory: (reflector: Reflector, scopes: RequestScopes, config: ApplicationConfig) => {
      const guard = new RouteTenancyGuard(reflector, scopes);
      // Not as an APP_GUARD: those of the application's own module are before those of the modules that it imports.
      config.useGlobalGuards(guard);
      return guard;
    },
  },
  { provide: APP_GUARD, useClass: TenantGuard },
  {
    provide: ClaimAgreementInterceptor,
    inject: [TenantResolution, Reflector, RequestScopes, ApplicationConfig, ModulesContainer],
    useFactory: (
      resolution: TenantResolution,
      reflector: Reflector,
      scopes: RequestScopes,
      config: ApplicationConfig,
      modules: ModulesContainer,
    ) => {
      const interceptor = new ClaimAgreementInterceptor(resolution, reflector, scopes);
      // Not as an APP_INTERCEPTOR: where it has nothing to do, each request would pay more for it than for all the rest.
      if (resolution.hasClaims || usesGraphQL(modules)) config.useGlobalInterceptors(interceptor);
      return interceptor;
    },
  },
  { provide: APP_FILTER, useClass: TenancyExceptionFilter },
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

function requireDatabase(database: TenantDataSourceFactory | null): TenantDataSourceFactory {
  if (database) return database;
  throw new TenancyOptionsError(
    'The option `store` is a function that is given the database, and `database` is missing.',
  );
}
