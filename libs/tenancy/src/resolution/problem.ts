import {
  AddressLimitExceededError,
  InvalidTenantIdError,
  StatementTimeoutError,
  TenancyError,
  TenantAddressError,
  TenantChangeRefusedError,
  TenantClaimMismatchError,
  TenantConfigConflictError,
  TenantConfigInvalidError,
  TenantConfigUnusableError,
  TenantConflictError,
  TenantForbiddenError,
  TenantHintUntrustedError,
  TenantNotFoundError,
  TenantQuotaExceededError,
  TenantReadOnlyError,
  TenantRequiredError,
  TenantServiceUnavailableError,
  TenantSuspendedError,
} from '../tenancy.errors.js';

/** Refusals of a change that another state of the tenant would not mend. */
const MALFORMED_CHANGES: ReadonlySet<string> = new Set([
  'CONFIRMATION_REQUIRED',
  'DATABASE_UNKNOWN',
  'DOMAIN_INVALID',
  'TENANT_ID_RESERVED',
  'VALIDATION_FAILED',
]);

/** An error body as RFC 9457 has it, with a stable `code`. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors?: ReadonlyArray<{ readonly key: string; readonly message: string }>;
  /** In seconds; sent as `Retry-After`. */
  readonly retryAfter?: number;
}

/**
 * What a client is told of an error: what to change, never what exists. A tenant that is unknown, suspended or forbidden
 * looks the same to whoever asks.
 *
 * @example
 * // In a filter of the application's own
 * const { retryAfter, ...body } = problemOf(error);
 * response.status(body.status).type('application/problem+json').send(body);
 */
export function problemOf(error: TenancyError): Problem {
  if (error instanceof TenantRequiredError) return problem(400, 'Bad Request', error.code, error.message);
  if (error instanceof InvalidTenantIdError) {
    // Neither the value, which may be the registry's, nor a pattern, which may list names.
    const rule = typeof error.rule === 'string' ? ` ${error.rule}` : '';
    const source = error.source === undefined ? '' : ` (from ${error.source})`;
    return problem(400, 'Bad Request', error.code, `What names the tenant${source} is not a tenant id.${rule}`);
  }
  if (error instanceof TenantConflictError) {
    // Where they are named, not who: by a domain the registry names somebody the caller may not know.
    const sources = error.answers.map(([source]) => source).join(', ');
    const detail = `The request names more than one tenant, by: ${sources}. All that is given must agree.`;
    return problem(400, 'Bad Request', error.code, detail);
  }
  if (error instanceof TenantConfigInvalidError) {
    return { ...problem(400, 'Bad Request', error.code, error.message), errors: error.issues };
  }
  if (error instanceof TenantAddressError) {
    return problem(400, 'Bad Request', error.code, 'The server that is named cannot be used. Name another one.');
  }
  if (error instanceof TenantConfigConflictError) {
    const detail = 'The settings were changed meanwhile. Read them again, then change them.';
    return problem(409, 'Conflict', error.code, detail);
  }
  if (error instanceof TenantConfigUnusableError) {
    // Which settings, not what a schema has to say of their values: whoever asks may be a stranger to them.
    const errors = error.issues.map(({ key }) => ({ key, message: 'Is not valid any more.' }));
    const detail =
      'The settings that are stored for the tenant are not valid; `errors` names them. Correct them first.';
    return { ...problem(409, 'Conflict', error.code, detail), errors };
  }
  if (error instanceof TenantChangeRefusedError) {
    // Who changes tenants is told of them.
    return MALFORMED_CHANGES.has(error.reason)
      ? problem(400, 'Bad Request', error.reason, error.message)
      : problem(409, 'Conflict', error.reason, error.message);
  }
  if (error instanceof TenantHintUntrustedError) {
    const detail = `The request names its tenant by ${error.source}, which only a proxy of this service may do. Leave it out.`;
    return problem(403, 'Forbidden', error.code, detail);
  }
  if (error instanceof TenantClaimMismatchError) {
    return problem(
      403,
      'Forbidden',
      error.code,
      'You may not act for the tenant that the request names. Name your own, or none.',
    );
  }
  if (
    error instanceof TenantNotFoundError ||
    error instanceof TenantSuspendedError ||
    error instanceof TenantForbiddenError
  ) {
    return problem(404, 'Not Found', 'TENANT_NOT_FOUND', 'There is no such tenant, or you may not use it.');
  }
  if (error instanceof TenantQuotaExceededError) {
    const limited = problem(
      429,
      'Too Many Requests',
      error.code,
      'The tenant uses all that it may use now. Try again later.',
    );
    return { ...limited, retryAfter: error.retryAfter };
  }
  if (error instanceof AddressLimitExceededError) {
    const detail = 'Too many requests of this address had no valid credentials, or no tenant. Try again later.';
    return { ...problem(429, 'Too Many Requests', error.code, detail), retryAfter: error.retryAfter };
  }
  if (error instanceof StatementTimeoutError) {
    // Without a Retry-After: the same request would take as long again, and the server is not down.
    return problem(504, 'Gateway Timeout', error.code, 'The request took the database too long. Ask for less of it.');
  }
  if (error instanceof TenantReadOnlyError) {
    const moving = problem(503, 'Service Unavailable', error.code, 'Nothing can be changed for a moment. Try again.');
    return { ...moving, retryAfter: error.retryAfter };
  }
  if (error instanceof TenantServiceUnavailableError) {
    const down = problem(503, 'Service Unavailable', error.code, 'The tenant cannot be looked up now. Try again.');
    return { ...down, retryAfter: error.retryAfter };
  }
  return problem(500, 'Internal Server Error', 'INTERNAL_ERROR', 'The service failed. It was logged.');
}

function problem(status: number, title: string, code: string, detail: string): Problem {
  return { type: 'about:blank', title, status, code, detail };
}
