// The public names, in the order in which a user meets them.
export { TenancyModule } from './tenancy.module.js';
export type { TenancyModuleOptions, TenancyOptionsFactory } from './tenancy-options.interface.js';
export type { TenancyConfig } from './tenancy-config.js';
export { defineTenancyConfig } from './tenancy-config.js';

export type { Tenant, TenantInit, TenantStatus } from './tenants/tenant.js';
export { defineTenant, TENANT_STATUSES } from './tenants/tenant.js';
export { generateSchemaName, isTenantSchemaName } from './tenants/schema-name.js';
export { TenantContext } from './context/tenant-context.js';
export { keepTenant } from './context/keep-tenant.js';
export { CurrentTenant } from './decorators/current-tenant.decorator.js';
export { WithTenant } from './decorators/with-tenant.decorator.js';
export { BypassTenancy } from './decorators/bypass-tenancy.decorator.js';
export type { ResolveTenantByOptions } from './decorators/resolve-tenant-by.decorator.js';
export { ResolveTenantBy } from './decorators/resolve-tenant-by.decorator.js';

export type { RouteTenancy } from './resolution/route-tenancy.js';
export type { TenantDirectory, TenantResolver } from './resolution/tenant-resolver.js';
export type { TenantRequest } from './resolution/tenant-request.js';
export { headerOf, hostOf, pathOf, queryOf } from './resolution/tenant-request.js';
export { canonicalHost } from './tenants/canonical-host.js';
export { excludedPaths } from './resolution/excluded-paths.js';
export { HeaderTenantResolver } from './resolution/resolvers/header.resolver.js';
export { QueryTenantResolver } from './resolution/resolvers/query.resolver.js';
export { PathTenantResolver } from './resolution/resolvers/path.resolver.js';
export { SubdomainTenantResolver } from './resolution/resolvers/subdomain.resolver.js';
export { DomainTenantResolver } from './resolution/resolvers/domain.resolver.js';
export type { ClaimTenantResolverOptions } from './resolution/resolvers/claim.resolver.js';
export { ClaimTenantResolver } from './resolution/resolvers/claim.resolver.js';
export { TrustedHintsOptions } from './resolution/trusted-hints-options.js';
export { TenantResolution } from './resolution/tenant-resolution.js';
export { TenantMiddleware } from './resolution/tenant.middleware.js';
export type { MessageClient, MessagePacket } from './resolution/send-tenant.js';
export { sendTenant } from './resolution/send-tenant.js';
export type { Problem } from './resolution/problem.js';
export { problemOf } from './resolution/problem.js';
export { tenancyErrorOf } from './resolution/tenancy-error-of.js';

export { TenantService } from './tenants/tenant.service.js';
export type { TenantNotice } from './tenants/changes-of-tenants.js';
export { TenantCacheOptions } from './tenants/tenant-cache-options.js';
export type { TenantMetrics } from './tenants/tenant-metrics.js';
export type {
  TenantChangeListener,
  TenantConfigCondition,
  TenantList,
  TenantPage,
  TenantStore,
  TenantWatch,
} from './tenants/tenant-store.js';
export type {
  NewTenant,
  PlannedDrop,
  PlannedDrops,
  TenantChange,
  TenantDrop,
  TenantPlacement,
} from './tenants/tenant-administration.js';
export { TenantAdministration } from './tenants/tenant-administration.js';
export { InMemoryTenantStore } from './tenants/in-memory-tenant-store.js';
export { configVersionOf } from './tenants/config-version.js';
export type { HttpTenantStoreOptions } from './tenants/http-calls.js';
export { HttpTenantStore } from './tenants/http-tenant-store.js';
export type { TenantWatchServer, TypeOrmTenantStoreOptions } from './tenants/typeorm-tenant-store.js';
export { TypeOrmTenantStore } from './tenants/typeorm-tenant-store.js';
export { TenantIdValidator } from './tenants/tenant-id.js';
export { mergeConfig } from './tenants/merge-config.js';

export type { TenantConfig, TenantConfigUpdateOptions, TenantConfigValue } from './config/tenant-config.js';
export { TenantConfigService } from './config/tenant-config.service.js';
export type { TenantConfigKey, TenantConfigOptions } from './config/tenant-config-options.js';
export type { TenantConfigExplanation } from './config/setting-explanation.js';
export type { TenantConfigLayer } from './config/setting-layers.js';
export { Secret } from './config/secrets/secret.js';
export type { TenantConfigEncryptionKey, TenantConfigEncryptionOptions } from './config/secrets/encryption-keys.js';
export { isSealedSecret } from './config/secrets/sealed-secrets.js';
export type { AddressLookup } from './config/addresses/name-servers.js';
export type { TenantAddressesOptions, TenantServerAddress } from './config/addresses/tenant-addresses.js';
export { TenantAddresses } from './config/addresses/tenant-addresses.js';
export type { TenantHttpAnswer, TenantHttpRequest } from './config/addresses/send-request.js';

export type {
  TenantDatabaseOptions,
  TenantDatabaseServerOptions,
  TenantDatabaseServers,
} from './database/tenant-database-options.js';
export { TenantDataSourceFactory } from './database/tenant-data-source.factory.js';
export type { OutsideTransactionOptions } from './database/tenant-database.js';
export { TenantDatabase } from './database/tenant-database.js';
export type { PlainQuery } from './database/outside/plain-query.js';
export type { TenantSchemaStatus } from './schemas/tenant-schema.service.js';
export { TenantSchemaService } from './schemas/tenant-schema.service.js';
export { TenantLifecycle } from './schemas/lifecycle/tenant-lifecycle.js';
export { TenantLifecycleOptions } from './schemas/lifecycle/tenant-lifecycle-options.js';
export type { TenantAuditEntry, TenantAuditPage, TenantAuditRecord } from './schemas/lifecycle/tenant-audit-trail.js';
export type { TenantEvent, TenantEvents } from './schemas/lifecycle/tenant-lifecycle-events.js';
export type {
  TenantMigrateOptions,
  TenantMigrationsTransaction,
  TenantRevertOptions,
  TenantSelection,
} from './schemas/migrations/tenant-migrations-options.js';
export type {
  TenantDrift,
  TenantDriftReport,
  TenantMigrationEvent,
  TenantMigrationReport,
  TenantMigrationResult,
  TenantMigrationStatus,
  TenantPlace,
  TenantSchemaDifference,
  TenantSchemaFault,
} from './schemas/migrations/tenant-migrations-report.js';
export { TenantMigrations } from './schemas/migrations/tenant-migrations.js';
export type { TenantMoveOptions } from './schemas/moving/tenant-move-options.js';
export type {
  TenantMoveEvent,
  TenantMoveReport,
  TenantMoveStatus,
  TenantMoveTable,
} from './schemas/moving/tenant-move-report.js';
export { TenantMoves } from './schemas/moving/tenant-moves.js';
export type {
  ExportedTable,
  TenantExportEvent,
  TenantExportManifest,
  TenantExportOptions,
  TenantExportReport,
} from './schemas/exporting/tenant-export-manifest.js';
export { TenantExports } from './schemas/exporting/tenant-exports.js';
export type { ErasedPlace } from './schemas/tenant-erasure.js';
export { TenantErasure } from './schemas/tenant-erasure.js';
export type {
  ReadySchemasRefillOptions,
  ReadySchemasRefillReport,
  ReadySchemasStatus,
} from './schemas/ready/ready-schemas-options.js';
export { ReadySchemas } from './schemas/ready/ready-schemas.js';
export type { TenancyExamineOptions, TenancyFinding, TenancyFindingCode } from './schemas/examining/tenancy-finding.js';
export { TenancyDoctor } from './schemas/examining/tenancy-doctor.js';

export type { TenantChangeRefusal } from './tenancy.errors.js';
export {
  AddressLimitExceededError,
  InvalidTenantIdError,
  IsolationViolationError,
  StatementTimeoutError,
  TenancyError,
  TenancyOptionsError,
  TenantAddressError,
  TenantChangeRefusedError,
  TenantClaimMismatchError,
  TenantConfigConflictError,
  TenantConfigInvalidError,
  TenantConfigUnusableError,
  TenantConflictError,
  TenantContextMissingError,
  TenantDatabaseUnknownError,
  TenantForbiddenError,
  TenantHintUntrustedError,
  TenantMigrationError,
  TenantMismatchError,
  TenantMoveError,
  TenantNotFoundError,
  TenantQuotaExceededError,
  TenantReadOnlyError,
  TenantRequiredError,
  TenantSchemaError,
  TenantServiceUnavailableError,
  TenantSuspendedError,
  TransactionAbortedError,
  UnsupportedStatementError,
} from './tenancy.errors.js';
