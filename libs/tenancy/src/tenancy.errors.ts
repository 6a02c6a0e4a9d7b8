/**
 * The root of every error that this module throws. `code` is stable: branch on it, log it, translate it.
 * The message is for the engineer who reads the log; what a client sees is written by `TenancyExceptionFilter`.
 */
export abstract class TenancyError extends Error {
  /** A stable, upper-case identifier such as `TENANT_NOT_FOUND`. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Something needs the current tenant and there is none. Nothing was sent to the database. */
export class TenantContextMissingError extends TenancyError {
  readonly code: string = 'TENANT_CONTEXT_MISSING';

  constructor(
    message = 'No current tenant. Call this inside a request that TenantMiddleware handled, in a method decorated with ' +
      '@WithTenant(), or inside TenantContext.run(). For work of the system itself use TenantContext.runAsSystem().',
  ) {
    super(message);
  }
}

/** A request reached a route that needs a tenant, and named none. */
export class TenantRequiredError extends TenantContextMissingError {
  override readonly code = 'TENANT_REQUIRED';

  constructor(readonly sources: readonly string[]) {
    super(`The request names no tenant. It may be named by: ${sources.join(', ')}.`);
  }
}

/** The store knows no tenant of this id. */
export class TenantNotFoundError extends TenancyError {
  readonly code = 'TENANT_NOT_FOUND';

  constructor(readonly tenantId: string) {
    super(`There is no tenant ${JSON.stringify(tenantId)}.`);
  }
}

/** What names a tenant and is no tenant id, or cannot be read in one way only. It was not looked up. */
export class InvalidTenantIdError extends TenancyError {
  readonly code = 'TENANT_ID_INVALID';

  constructor(
    readonly value: unknown,
    readonly source?: string,
    /** What it would have to be: a sentence, or the `idPattern` that the application configured. */
    readonly rule?: string | RegExp,
  ) {
    super(
      [
        `${preview(value)}${source ? ` (from ${source})` : ''} is not a tenant id.`,
        rule instanceof RegExp ? `An id matches the option idPattern: ${rule}.` : rule,
      ]
        .filter(Boolean)
        .join(' '),
    );
  }
}

/** Two resolvers found two tenants in one request. */
export class TenantConflictError extends TenancyError {
  readonly code = 'TENANT_CONFLICT';

  constructor(readonly answers: ReadonlyArray<readonly [source: string, tenantId: string]>) {
    super(
      `The request names more than one tenant: ${answers
        .map(([source, id]) => `${source} says ${JSON.stringify(id)}`)
        .join(', ')}. All that is given must agree.`,
    );
  }
}

/** Somebody who is none of the trusted proxies gives a hint that only they may give. Refused before any look-up. */
export class TenantHintUntrustedError extends TenancyError {
  readonly code = 'TENANT_HINT_UNTRUSTED';

  constructor(
    readonly source: string,
    /** The other end of the connection; `undefined` where it has no address. */
    readonly peer?: string,
  ) {
    super(
      `The request names its tenant by ${source}, and comes from ${peer ?? 'nowhere that has an address'}, which is no trusted ` +
        'proxy. Add the proxy to trustedHints.proxies, or let it remove what clients send.',
    );
  }
}

/** The tenant exists and may not be used now: it is suspended, archived or still being made. */
export class TenantSuspendedError extends TenancyError {
  readonly code = 'TENANT_SUSPENDED';

  constructor(
    readonly tenantId: string,
    readonly status: string,
  ) {
    super(`Tenant ${JSON.stringify(tenantId)} is ${status}; only an active tenant can be used.`);
  }
}

/** The caller may not act for this tenant. */
export class TenantForbiddenError extends TenancyError {
  readonly code = 'TENANT_FORBIDDEN';

  constructor(
    readonly tenantId: string | undefined,
    reason = 'The caller may not act for this tenant.',
  ) {
    super(reason);
  }
}

/** The verified claim names one tenant, the request asks for another. Refused before any look-up. */
export class TenantClaimMismatchError extends TenantForbiddenError {
  constructor(
    readonly claimed: string | undefined,
    readonly asked: string | undefined,
  ) {
    super(
      asked,
      claimed === undefined
        ? 'The authenticated caller has no tenant claim and may not act for any tenant.'
        : `The verified claim names tenant ${JSON.stringify(claimed)}; the request asks for ${JSON.stringify(asked)}.`,
    );
  }
}

/**
 * Something of one tenant is used as another: a database connection that is bound to it, or an entity that was loaded as
 * it. Nothing was sent.
 */
export class TenantMismatchError extends TenancyError {
  readonly code = 'TENANT_MISMATCH';

  constructor(
    readonly bound: string,
    readonly current: string,
    readonly subject: 'connection' | 'entity' = 'connection',
  ) {
    super(
      subject === 'connection'
        ? `The connection is bound to ${bound}, the statement runs as ${current}. ` +
            'Take a query runner, a stream or a repository result inside the scope that uses it.'
        : `The entity belongs to ${bound} and is used as ${current}: its id is another row there. ` +
            'Load it inside the scope that uses it.',
    );
  }
}

/**
 * The server reports another search_path than the one that a statement was bound to: something changed it inside. The
 * connection is destroyed, and the event `tenant.isolation_violation` says so.
 */
export class IsolationViolationError extends TenancyError {
  readonly code = 'ISOLATION_VIOLATION';

  constructor(
    readonly expected: string,
    readonly reported: string,
  ) {
    super(
      `The server works in the search_path ${reported || "''"}, the statement is bound to ${expected || "''"}. ` +
        'A statement, or a function that it calls, sets it: leave it to the binding, or name the schema.',
    );
  }
}

/** The tenant store did not answer, or is not asked for now, and nothing recent enough is known of the tenant. */
export class TenantServiceUnavailableError extends TenancyError {
  readonly code = 'TENANT_SERVICE_UNAVAILABLE';
  /** When to try again, in seconds. */
  readonly retryAfter: number;

  constructor(
    message = 'The tenant store did not answer.',
    options: ErrorOptions & { readonly retryAfter?: number } = {},
  ) {
    super(message, options);
    this.retryAfter = options.retryAfter ?? 1;
  }
}

/** The tenant uses all that it may use at once. */
export class TenantQuotaExceededError extends TenancyError {
  readonly code = 'TENANT_QUOTA_EXCEEDED';

  constructor(
    readonly tenantId: string,
    readonly resource: string,
    readonly limit: number,
    /** When to try again, in seconds. */
    readonly retryAfter: number,
  ) {
    super(`Tenant ${JSON.stringify(tenantId)} already uses its ${limit} ${resource}. Try again in ${retryAfter} s.`);
  }
}

/** An address asked too often without being a tenant's: unauthenticated, for nobody, or for a tenant that may not be used. */
export class AddressLimitExceededError extends TenancyError {
  readonly code = 'ADDRESS_LIMIT_EXCEEDED';

  constructor(
    readonly limit: number,
    /** When to try again, in seconds. */
    readonly retryAfter: number,
  ) {
    super(`The address made its ${limit} requests that count for no tenant. Try again in ${retryAfter} s.`);
  }
}

/** A change of a tenant's settings that the declared schema refuses. Nothing was stored. */
export class TenantConfigInvalidError extends TenancyError {
  readonly code = 'TENANT_CONFIG_INVALID';

  constructor(readonly issues: ReadonlyArray<{ readonly key: string; readonly message: string }>) {
    super(`The settings are not valid: ${issues.map(({ key, message }) => `${key}: ${message}`).join('; ')}`);
  }
}

/** The settings that are stored for a tenant are not valid, or a secret among them cannot be read. None are handed out. */
export class TenantConfigUnusableError extends TenancyError {
  readonly code = 'TENANT_CONFIG_UNUSABLE';

  constructor(
    /** Never with the value of a secret. */
    readonly issues: ReadonlyArray<{ readonly key: string; readonly message: string }>,
    readonly tenantId: string,
  ) {
    const faults = Array.from(issues, ({ key, message }) => `${key}: ${message}`).join('; ');
    super(
      `The settings that are stored for tenant ${JSON.stringify(tenantId)} are not valid: ${faults}. ` +
        'Correct them, or remove the keys with update().',
    );
  }
}

/** The settings of a tenant are no longer those that a change was made for. Nothing was stored: read them again. */
export class TenantConfigConflictError extends TenancyError {
  readonly code = 'TENANT_CONFIG_CONFLICT';

  constructor(readonly tenantId: string) {
    super(
      `The settings of tenant ${JSON.stringify(tenantId)} were changed meanwhile. Read them again, then change them.`,
    );
  }
}

/**
 * A server that a tenant has named cannot be used. The message tells neither its addresses nor what it has answered, and
 * a name that leads inside looks like one that is not there.
 */
export class TenantAddressError extends TenancyError {
  readonly code = 'TENANT_ADDRESS_UNUSABLE';

  constructor(
    readonly host: string,
    /** `ADDRESS_REFUSED`, `URL_REFUSED`, `HEADER_REFUSED`, `ANSWER_TOO_LARGE`, or a code of Node's such as `ECONNREFUSED`. */
    readonly reason: string,
  ) {
    super(
      reason === 'ADDRESS_REFUSED'
        ? `${JSON.stringify(host)} does not lead to public addresses, and these alone. Name another server, or allow its range.`
        : `The server ${JSON.stringify(host)} cannot be used: ${reason}.`,
    );
  }
}

/** COMMIT was answered with ROLLBACK: a statement of the transaction had failed, and nothing of it was stored. */
export class TransactionAbortedError extends TenancyError {
  readonly code = 'TRANSACTION_ABORTED';

  constructor() {
    super('The transaction was rolled back, not committed: one of its statements had failed before.');
  }
}

/** The server cut a statement off after the tenant's `statementTimeout`. Its transaction has failed. */
export class StatementTimeoutError extends TenancyError {
  readonly code = 'STATEMENT_TIMEOUT';

  constructor(
    readonly tenantId: string,
    /** In milliseconds. */
    readonly timeout: number,
    options?: ErrorOptions,
  ) {
    super(
      `A statement of tenant ${JSON.stringify(tenantId)} was cut off after ${timeout} ms. Let it read less, give the tenant ` +
        'more with database.statementTimeout, or this transaction alone with SET LOCAL statement_timeout.',
      options,
    );
  }
}

/**
 * The server refused to write: the tenant is being moved to another database server, and everything that was written before is
 * on its way there. Nothing of the statement was stored.
 */
export class TenantReadOnlyError extends TenancyError {
  readonly code = 'TENANT_READ_ONLY';
  /** When to try again, in seconds. */
  readonly retryAfter = 1;

  constructor(
    readonly tenantId: string,
    options?: ErrorOptions,
  ) {
    super(
      `Tenant ${JSON.stringify(tenantId)} is being moved to another database server and can only be read meanwhile. Try again ` +
        'in 1 s.',
      options,
    );
  }
}

/** A statement that cannot be bound to a tenant. It was not sent. */
export class UnsupportedStatementError extends TenancyError {
  readonly code = 'STATEMENT_UNSUPPORTED';
}

/** A tenant is placed on a database server, or the system is asked for on one, that the options do not name. Nothing was sent. */
export class TenantDatabaseUnknownError extends TenancyError {
  readonly code = 'TENANT_DATABASE_UNKNOWN';

  constructor(
    readonly known: readonly string[],
    readonly database: string,
    /** `undefined` for the system. */
    readonly tenantId?: string,
  ) {
    const name = JSON.stringify(database);
    super(
      (tenantId === undefined
        ? `There is no database server ${name}`
        : `Tenant ${JSON.stringify(tenantId)} is placed on the database server ${name}, which is not there`) +
        `: the option \`database\` names ${known.join(', ')}. Add it there by that name.`,
    );
  }
}

/** A tenant's schema is not there, or is not this tenant's. */
export class TenantSchemaError extends TenancyError {
  readonly code = 'TENANT_SCHEMA_UNUSABLE';

  constructor(
    readonly schema: string,
    message: string,
  ) {
    super(message);
  }
}

/** The migrations of a tenant did not run, or were not reverted: `cause` says why. */
export class TenantMigrationError extends TenancyError {
  readonly code = 'TENANT_MIGRATION_FAILED';
  /** The migration that failed; `undefined` where it was something around it. */
  readonly migration: string | undefined;
  /** What PostgreSQL calls the failure, such as `23505`; `undefined` where it was not the server's. */
  readonly sqlState: string | undefined;

  constructor(
    readonly tenantId: string,
    readonly schema: string,
    reason: string,
    { migration, sqlState, cause }: { migration?: string; sqlState?: string; cause?: unknown } = {},
  ) {
    super(
      `Tenant ${JSON.stringify(tenantId)} (${schema})${migration === undefined ? '' : `, migration ${migration}`}: ${reason}`,
      { cause },
    );
    this.migration = migration;
    this.sqlState = sqlState;
  }
}

/**
 * What `TenantChangeRefusedError.reason` may be, beside the codes of a service of your own.
 *
 * | reason | |
 * |---|---|
 * | `TENANT_EXISTS` | a tenant of that id is there |
 * | `TENANT_ID_RESERVED` | nobody may have that id |
 * | `SCHEMA_TAKEN` | the database has a schema of that name, and it is not this tenant's |
 * | `DOMAIN_TAKEN` | a domain is another tenant's |
 * | `DOMAIN_INVALID` | a domain is not written as hosts are compared, or no host can be it |
 * | `DATABASE_UNKNOWN` | no database server has that name |
 * | `TENANT_BUSY` | somebody else is making or dropping it |
 * | `TENANT_NOT_READY` | only an active or suspended tenant can be changed |
 * | `TENANT_STATUS_CONFLICT` | from its status no way leads to that one |
 * | `CONFIRMATION_REQUIRED` | a drop does not repeat the id |
 * | `TENANT_NOT_ARCHIVED`, `TENANT_DROP_NOT_DUE` | a drop that comes too early |
 * | `TENANT_MOVED` | it is not on the server that it was to be moved from |
 * | `VALIDATION_FAILED` | a field is not what it must be |
 */
export type TenantChangeRefusal =
  | 'TENANT_EXISTS'
  | 'TENANT_ID_RESERVED'
  | 'SCHEMA_TAKEN'
  | 'DOMAIN_TAKEN'
  | 'DOMAIN_INVALID'
  | 'DATABASE_UNKNOWN'
  | 'TENANT_BUSY'
  | 'TENANT_NOT_READY'
  | 'TENANT_STATUS_CONFLICT'
  | 'CONFIRMATION_REQUIRED'
  | 'TENANT_NOT_ARCHIVED'
  | 'TENANT_DROP_NOT_DUE'
  | 'TENANT_MOVED'
  | 'VALIDATION_FAILED'
  | (string & {});

/** A tenant cannot be made, changed or dropped as asked. Nothing was changed. */
export class TenantChangeRefusedError extends TenancyError {
  readonly code = 'TENANT_CHANGE_REFUSED';

  constructor(
    readonly tenantId: string,
    /** Stable: branch on it. */
    readonly reason: TenantChangeRefusal,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A tenant was not moved to another database server, or a move was not ended: the message says why, and what is to be done. */
export class TenantMoveError extends TenancyError {
  readonly code = 'TENANT_MOVE_FAILED';

  constructor(
    readonly tenantId: string,
    /**
     * What it left: `unchanged`, the tenant works as it did before. `frozen`: it cannot be written until the move is repeated or
     * undone.
     */
    readonly left: 'unchanged' | 'frozen',
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `Tenant ${JSON.stringify(tenantId)}: ${reason}` +
        (left === 'frozen' ? ' It can only be read until the move is run again, or undone.' : ''),
      options,
    );
  }
}

/** The module was given options that it cannot work with safely. Thrown at start. */
export class TenancyOptionsError extends TenancyError {
  readonly code = 'TENANCY_OPTIONS_INVALID';
}

/** The command `tenancy` was asked for what cannot be: its arguments, or the config that it reads. Nothing was done. */
export class TenancyCommandError extends TenancyError {
  readonly code = 'TENANCY_COMMAND_INVALID';
}

function preview(value: unknown): string {
  // Never String(value): a claim is whatever the token holds, an object with a toString() that is none included.
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'A list' : 'An object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
