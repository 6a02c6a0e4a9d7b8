import type { DataSource } from 'typeorm';
import type { Tenant } from '../../tenants/tenant.js';
import type { FoundReady } from '../ready/ready-list.js';
import type { TenantRoles } from '../tenant-roles.js';
import type { TenancyFinding, TenancyFindingCode } from './tenancy-finding.js';

/** What the application means to do with its database servers. */
export interface ExaminedUse {
  readonly isolation: 'schema' | 'role';
  /** Whether it makes and migrates the schemas. */
  readonly makesSchemas: boolean;
  readonly grantTo: readonly string[];
  /** Where tenants have roles. */
  readonly roles?: TenantRoles;
  /** How many instances of it run. */
  readonly instances: number;
}

export interface LoginRoleFinding {
  readonly code: TenancyFindingCode;
  readonly role: string;
  readonly reason: string;
  readonly mend: readonly string[];
  readonly advice?: string;
}

/** One database server under examination. */
export interface ExaminedServer {
  readonly name: string;
  readonly system: DataSource;
  readonly sharedSchemas: readonly string[];
  readonly isDirect: boolean;
  readonly poolSize: number;
  readonly loginRole: () => Promise<LoginRoleFinding[]>;
  readonly readySchemas: () => Promise<FoundReady[]>;
}

/** What a server says of itself and of who asks. */
export interface ServerFacts {
  readonly database: string;
  readonly version: number;
  readonly product: string;
  readonly login: string;
  readonly maxConnections: number;
  readonly reserved: number;
  readonly loginLimit: number;
  readonly databaseLimit: number;
}

/** All schemas of a server but its own, with their marks. */
export interface FoundNamespace {
  readonly name: string;
  readonly mark: string | null;
  /** What a move has written into it. */
  readonly move: string | null;
}

/** What is looked at on one server. */
export interface Examination {
  readonly server: ExaminedServer;
  readonly facts: ServerFacts;
  readonly use: ExaminedUse;
  /** The schemas that were there before the store was asked. */
  readonly before: readonly FoundNamespace[];
  /** The schemas that were there after that. */
  readonly after: readonly FoundNamespace[];
  /** Every tenant of the store, wherever it is; `undefined` where the store could not be read. */
  readonly tenants: readonly Tenant[] | undefined;
  /** Ids of the tenants of whose moves any server still has something. */
  readonly moving: ReadonlySet<string>;
}

export type Severity = TenancyFinding['severity'];

/** Makes the findings of one server. */
export function findingOn(database: string) {
  return (
    severity: Severity,
    code: TenancyFindingCode,
    object: string,
    message: string,
    mend: readonly string[] = [],
  ): TenancyFinding => ({ code, severity, database, object, message, mend });
}
