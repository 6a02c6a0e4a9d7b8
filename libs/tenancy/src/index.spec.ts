import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import * as names from './index.js';

describe('the package', () => {
  it('exports these names and no other: a new one is a decision', () => {
    expect(Object.keys(names).sort()).toEqual([
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
      'StatementTimeoutError',
      'SubdomainTenantResolver',
      'TENANT_STATUSES',
      'TenancyError',
      'TenancyModule',
      'TenancyOptionsError',
      'TenantCacheOptions',
      'TenantClaimMismatchError',
      'TenantConfigInvalidError',
      'TenantConfigService',
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
      'defineTenant',
      'excludedPaths',
      'generateSchemaName',
      'headerOf',
      'hostOf',
      'isTenantSchemaName',
      'mergeConfig',
      'pathOf',
      'problemOf',
      'queryOf',
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
      'ClaimTenantResolverOptions',
      'HttpTenantStoreOptions',
      'OutsideTransactionOptions',
      'PlainQuery',
      'Problem',
      'ResolveTenantByOptions',
      'RouteTenancy',
      'TenancyModuleOptions',
      'TenancyOptionsFactory',
      'Tenant',
      'TenantConfig',
      'TenantConfigOptions',
      'TenantDatabaseOptions',
      'TenantDatabaseServerOptions',
      'TenantDatabaseServers',
      'TenantDirectory',
      'TenantInit',
      'TenantList',
      'TenantPage',
      'TenantRequest',
      'TenantResolver',
      'TenantSchemaStatus',
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
