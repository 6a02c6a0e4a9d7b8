import { describe, expect, it } from 'vitest';
import * as errors from '../tenancy.errors.js';
import { problemOf } from './problem.js';

const every: ReadonlyArray<readonly [errors.TenancyError, number, string]> = [
  [new errors.TenantRequiredError(['header X-Tenant-ID']), 400, 'TENANT_REQUIRED'],
  [new errors.InvalidTenantIdError('A B', 'header X-Tenant-ID'), 400, 'TENANT_ID_INVALID'],
  [
    new errors.TenantConflictError([
      ['header', 'acme'],
      ['query', 'globex'],
    ]),
    400,
    'TENANT_CONFLICT',
  ],
  [new errors.TenantConfigInvalidError([{ key: 'email.from', message: 'no address' }]), 400, 'TENANT_CONFIG_INVALID'],
  [new errors.TenantAddressError('mail.acme.test', 'ECONNREFUSED'), 400, 'TENANT_ADDRESS_UNUSABLE'],
  [new errors.TenantConfigConflictError('acme'), 409, 'TENANT_CONFIG_CONFLICT'],
  [new errors.TenantChangeRefusedError('x', 'TENANT_DROP_NOT_DUE', 'Not yet.'), 409, 'TENANT_DROP_NOT_DUE'],
  [
    new errors.TenantConfigUnusableError([{ key: 'email.from', message: 'not acme' }], 'acme'),
    409,
    'TENANT_CONFIG_UNUSABLE',
  ],
  [new errors.TenantClaimMismatchError('acme', 'globex'), 403, 'TENANT_FORBIDDEN'],
  [new errors.TenantHintUntrustedError('header X-Gateway-Tenant', '10.0.0.7'), 403, 'TENANT_HINT_UNTRUSTED'],
  [new errors.TenantNotFoundError('acme'), 404, 'TENANT_NOT_FOUND'],
  [new errors.TenantSuspendedError('acme', 'suspended'), 404, 'TENANT_NOT_FOUND'],
  [new errors.TenantForbiddenError('acme', 'why'), 404, 'TENANT_NOT_FOUND'],
  [new errors.TenantQuotaExceededError('acme', 'connections', 5, 3), 429, 'TENANT_QUOTA_EXCEEDED'],
  [new errors.AddressLimitExceededError(300, 3), 429, 'ADDRESS_LIMIT_EXCEEDED'],
  [new errors.StatementTimeoutError('acme', 500), 504, 'STATEMENT_TIMEOUT'],
  [new errors.TenantReadOnlyError('acme'), 503, 'TENANT_READ_ONLY'],
  [new errors.TenantServiceUnavailableError('10.0.0.7 is down'), 503, 'TENANT_SERVICE_UNAVAILABLE'],
  [new errors.TenantContextMissingError(), 500, 'INTERNAL_ERROR'],
  [new errors.TenantMismatchError('tenant acme', 'tenant globex'), 500, 'INTERNAL_ERROR'],
  [new errors.TenantDatabaseUnknownError(['default'], 'acme-eu', 'acme'), 500, 'INTERNAL_ERROR'],
  [new errors.IsolationViolationError('"t_acme", pg_temp', '"t_globex"'), 500, 'INTERNAL_ERROR'],
  [new errors.TransactionAbortedError(), 500, 'INTERNAL_ERROR'],
  [new errors.UnsupportedStatementError('AND CHAIN'), 500, 'INTERNAL_ERROR'],
  [new errors.TenantSchemaError('t_acme', 't_acme is not there'), 500, 'INTERNAL_ERROR'],
  [new errors.TenantMigrationError('acme', 't_acme', 'why'), 500, 'INTERNAL_ERROR'],
  [new errors.TenantMoveError('acme', 'unchanged', 'why'), 500, 'INTERNAL_ERROR'],
  [new errors.TenancyOptionsError('store is missing'), 500, 'INTERNAL_ERROR'],
  [new errors.TenancyCommandError('no such command'), 500, 'INTERNAL_ERROR'],
];

describe('an error', () => {
  it.each(every)('has a stable code: %s', (error, status, code) => {
    expect(problemOf(error)).toMatchObject({ type: 'about:blank', status, code });
  });

  it('is each that there is', () => {
    const concrete = Object.keys(errors).filter((name) => name !== 'TenancyError');

    expect(every.map(([error]) => error.name).sort()).toEqual(concrete.sort());
  });

  it('says nothing of what exists where it is 403 or above', () => {
    for (const [error, status] of every) {
      if (status >= 403) expect(JSON.stringify(problemOf(error))).not.toMatch(/acme|globex|10\.0|why|suspended/);
    }
  });

  it('of a change that no other state of the tenant would let pass is a 400', () => {
    const refused = new errors.TenantChangeRefusedError('x', 'CONFIRMATION_REQUIRED', 'Say it twice.');

    expect(problemOf(refused)).toMatchObject({ status: 400, code: 'CONFIRMATION_REQUIRED', detail: 'Say it twice.' });
  });

  it('says what an id looks like, and neither a value nor a pattern of the application’s own', () => {
    const { detail } = problemOf(new errors.InvalidTenantIdError('Acme', 'domain', 'An id is short.'));

    expect(detail).toBe('What names the tenant (from domain) is not a tenant id. An id is short.');
    expect(problemOf(new errors.InvalidTenantIdError('x', 'domain', /acme|globex/)).detail).toBe(
      'What names the tenant (from domain) is not a tenant id.',
    );
  });

  it('of a domain that is not written as hosts are compared says that the request is at fault', () => {
    const refusal = new errors.TenantChangeRefusedError('acme', 'DOMAIN_INVALID', 'Write "acme.test".');

    expect(problemOf(refusal)).toMatchObject({ status: 400, code: 'DOMAIN_INVALID', detail: 'Write "acme.test".' });
  });

  it('says where two tenants are named, not which', () => {
    const { detail } = problemOf(
      new errors.TenantConflictError([
        ['header X', 'acme'],
        ['domain', 'globex'],
      ]),
    );

    expect(detail).toContain('header X, domain');
    expect(detail).not.toMatch(/acme|globex/);
  });

  it('is the same for a tenant that is unknown, suspended or forbidden', () => {
    const [unknown, ...others] = every.filter(([, status]) => status === 404).map(([error]) => problemOf(error));

    expect(others).toEqual([unknown, unknown]);
  });
});
