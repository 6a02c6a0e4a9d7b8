import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as names from './index.js';

describe('the package', () => {
  it('exports these names and no other: a new one is a decision', () => {
    expect(Object.keys(names).sort()).toEqual([
      'AddressLimitExceededError',
      'BypassTenancy',
      'ClaimTenantResolver',
      'CurrentTenant',
      'DomainTenantResolver',
      'HeaderTenantResolver',
      'HttpTenantStore',
      'InMemoryTenantStore',
      'InvalidTenantIdError',
      'IsolationViolationError',
      'PathTenantResolver',
      'QueryTenantResolver',
      'ResolveTenantBy',
      'Secret',
      'StatementTimeoutError',
      'SubdomainTenantResolver',
      'TENANT_STATUSES',
      'TenancyError',
      'TenancyModule',
      'TenancyOptionsError',
      'TenantAddressError',
      'TenantAddresses',
      'TenantAdministration',
      'TenantCacheOptions',
      'TenantChangeRefusedError',
      'TenantClaimMismatchError',
      'TenantConfigConflictError',
      'TenantConfigInvalidError',
      'TenantConfigService',
      'TenantConfigUnusableError',
      'TenantConflictError',
      'TenantContext',
      'TenantContextMissingError',
      'TenantDataSourceFactory',
      'TenantDatabase',
      'TenantDatabaseUnknownError',
      'TenantForbiddenError',
      'TenantHintUntrustedError',
      'TenantIdValidator',
      'TenantMiddleware',
      'TenantMigrationError',
      'TenantMigrations',
      'TenantMismatchError',
      'TenantNotFoundError',
      'TenantQuotaExceededError',
      'TenantRequiredError',
      'TenantResolution',
      'TenantSchemaError',
      'TenantSchemaService',
      'TenantService',
      'TenantServiceUnavailableError',
      'TenantSuspendedError',
      'TransactionAbortedError',
      'TrustedHintsOptions',
      'TypeOrmTenantStore',
      'UnsupportedStatementError',
      'WithTenant',
      'canonicalHost',
      'configVersionOf',
      'defineTenant',
      'excludedPaths',
      'generateSchemaName',
      'headerOf',
      'hostOf',
      'isSealedSecret',
      'isTenantSchemaName',
      'mergeConfig',
      'pathOf',
      'problemOf',
      'queryOf',
      'sendTenant',
      'tenancyErrorOf',
    ]);
  });

  it('exports these types and no other', async () => {
    const source = await readFile(new URL('index.ts', import.meta.url), 'utf8');
    const types = [...source.matchAll(/export type \{([^}]*)\}/g)].flatMap(([, list]) =>
      list
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    );

    expect(types.sort()).toEqual([
      'AddressLookup',
      'ClaimTenantResolverOptions',
      'HttpTenantStoreOptions',
      'MessageClient',
      'MessagePacket',
      'NewTenant',
      'OutsideTransactionOptions',
      'PlainQuery',
      'PlannedDrop',
      'PlannedDrops',
      'Problem',
      'ResolveTenantByOptions',
      'RouteTenancy',
      'TenancyModuleOptions',
      'TenancyOptionsFactory',
      'Tenant',
      'TenantAddressesOptions',
      'TenantChange',
      'TenantChangeRefusal',
      'TenantConfig',
      'TenantConfigCondition',
      'TenantConfigEncryptionKey',
      'TenantConfigEncryptionOptions',
      'TenantConfigExplanation',
      'TenantConfigKey',
      'TenantConfigLayer',
      'TenantConfigOptions',
      'TenantConfigUpdateOptions',
      'TenantConfigValue',
      'TenantDatabaseOptions',
      'TenantDatabaseServerOptions',
      'TenantDatabaseServers',
      'TenantDirectory',
      'TenantDrift',
      'TenantDriftReport',
      'TenantDrop',
      'TenantHttpAnswer',
      'TenantHttpRequest',
      'TenantInit',
      'TenantList',
      'TenantMetrics',
      'TenantMigrateOptions',
      'TenantMigrationEvent',
      'TenantMigrationReport',
      'TenantMigrationResult',
      'TenantMigrationStatus',
      'TenantMigrationsTransaction',
      'TenantPage',
      'TenantPlace',
      'TenantPlacement',
      'TenantRequest',
      'TenantResolver',
      'TenantRevertOptions',
      'TenantSchemaDifference',
      'TenantSchemaFault',
      'TenantSchemaStatus',
      'TenantSelection',
      'TenantServerAddress',
      'TenantStatus',
      'TenantStore',
      'TypeOrmTenantStoreOptions',
    ]);
  });

  it('gives every error a name and a code of its own', () => {
    const errors = Object.values(names).filter(
      (value): value is typeof names.TenancyError =>
        typeof value === 'function' && value.prototype instanceof names.TenancyError,
    );
    const codes = errors.map((error) => (Reflect.construct(error, [[], 'x']) as names.TenancyError).code);

    // The mismatch of a claim is a kind of forbidden tenant, and shares its code.
    expect(codes.length - new Set(codes).size).toBe(1);
    for (const code of codes) expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)+$/);
  });
});
