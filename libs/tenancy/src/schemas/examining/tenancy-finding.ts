/** What a finding is about. A code stays what it is: branch on it, count it, silence it. */
export type TenancyFindingCode =
  | 'SERVER_UNREACHABLE'
  | 'SERVER_OUTDATED'
  | 'SERVER_BEHIND_POOLER'
  | 'EXAMINATION_FAILED'
  | 'CONNECTIONS_SHORT'
  | 'LOGIN_ROLE_SUPERUSER'
  | 'LOGIN_ROLE_BYPASSES_RLS'
  | 'LOGIN_ROLE_CREATES_ROLES'
  | 'LOGIN_ROLE_OWNS_TENANTS'
  | 'LOGIN_ROLE_INHERITS_TENANTS'
  | 'LOGIN_ROLE_SEARCH_PATH'
  | 'LOGIN_ROLE_PLAIN_STRINGS'
  | 'LOGIN_ROLE_CANNOT_CREATE_SCHEMAS'
  | 'LOGIN_ROLE_CANNOT_CREATE_ROLES'
  | 'LOGIN_ROLE_WRITES_PUBLIC'
  | 'PUBLIC_WRITABLE'
  | 'SHARED_SCHEMA_MISSING'
  | 'SHARED_SCHEMA_CLOSED'
  | 'SHARED_SCHEMA_WRITABLE'
  | 'EXTENSION_OUT_OF_REACH'
  | 'EXTENSION_IN_TENANT_SCHEMA'
  | 'STORE_UNREADABLE'
  | 'TENANT_SERVER_UNKNOWN'
  | 'SCHEMA_MISSING'
  | 'SCHEMA_FOREIGN'
  | 'SCHEMA_SHARED'
  | 'SCHEMA_ORPHANED'
  | 'SCHEMA_UNMARKED'
  | 'SCHEMA_OPEN'
  | 'SCHEMA_NOT_OWNED'
  | 'MOVE_UNSETTLED'
  | 'SHADOW_SCHEMA_LEFT'
  | 'READY_SCHEMA_STALE'
  | 'GRANTEE_MISSING'
  | 'GRANT_MISSING'
  | 'TENANT_ROLE_MISSING'
  | 'TENANT_ROLE_FOREIGN'
  | 'TENANT_ROLE_CLOSED'
  | 'TENANT_ROLE_ORPHANED'
  | 'INDEX_INVALID';

/** Something about a database server, a schema or a role that is not as it should be, as `TenancyDoctor.examine()` finds it. */
export interface TenancyFinding {
  readonly code: TenancyFindingCode;
  /** `error`: something does not work, or isolation is weakened. `warning`: it will, or it is not needed. `info`: to be known. */
  readonly severity: 'error' | 'warning' | 'info';
  /** The name of the database server. */
  readonly database: string;
  /** The schema, role, tenant, extension or setting that it is about. */
  readonly object: string;
  /** What is wrong with it, and what to do where no statement mends it. */
  readonly message: string;
  /**
   * The statements that mend it, one after the other, by the owner of what they name or a superuser. They are not run. Some drop
   * what nobody needs any more: look at it before.
   */
  readonly mend: readonly string[];
}

/** What `TenancyDoctor.examine()` cannot see in the databases. */
export interface TenancyExamineOptions {
  /** How many instances of the application run, each with a pool of its own. @defaultValue `1` */
  readonly instances?: number;
}
