import type { TenancyError } from '../../tenancy.errors.js';

/**
 * `missing`: its schema is not there. `foreign`: there is one of that name that was not made for this tenant.
 * `unreadable`: what ran in it cannot be read. All three were reported and not touched.
 */
export type TenantSchemaFault = 'missing' | 'foreign' | 'unreadable';

/** A tenant, and where its schema is. */
export interface TenantPlace {
  readonly tenantId: string;
  readonly schema: string;
  /** The name of its database server. */
  readonly database: string;
}

/** What ran in the schema of a tenant, and what is to run: what `TenantMigrations.status()` has of each. */
export interface TenantMigrationStatus extends TenantPlace {
  readonly state: 'current' | 'pending' | TenantSchemaFault;
  /** The migration that ran last. */
  readonly version: string | undefined;
  /** Names of the migrations that ran, the first one first. */
  readonly executed: readonly string[];
  /** Names of those that are to run. */
  readonly pending: readonly string[];
  /** Names of those that ran and that this application does not have: a newer one ran them, or they were deleted. */
  readonly unknown: readonly string[];
  readonly error?: TenancyError;
}

/** What a run has come to for one tenant. */
export interface TenantMigrationResult extends TenantPlace {
  /**
   * `migrated` and `reverted`: all of it is done. `current`: there was nothing to do. `failed`: see `error`. `skipped`: its
   * turn did not come, as the run was ended before.
   */
  readonly outcome: 'migrated' | 'reverted' | 'current' | 'failed' | 'skipped' | TenantSchemaFault;
  /** Names of the migrations that this run has run, or reverted, in this schema. */
  readonly migrations: readonly string[];
  /** Whether it was sent as one batch of SQL that was recorded before. */
  readonly replayed: boolean;
  /** In milliseconds. */
  readonly duration: number;
  readonly error?: TenancyError;
}

/** What a run of migrations has come to. It does not throw where a tenant fails: look at `isComplete`. */
export interface TenantMigrationReport {
  /** One for each selected tenant, in their order. */
  readonly results: readonly TenantMigrationResult[];
  readonly counts: Readonly<Record<TenantMigrationResult['outcome'], number>>;
  /**
   * Whether all is done: no tenant failed, was skipped, is foreign or unreadable, and only those that are `provisioning` or
   * `archived` have no schema.
   */
  readonly isComplete: boolean;
  /** Why it ended before everybody's turn came. */
  readonly ended?: 'canary' | 'error' | 'signal';
  /** Why the SQL of migrations was not recorded: their name and the reason. */
  readonly notReplayed: ReadonlyArray<{ readonly migration: string; readonly reason: string }>;
  /** In milliseconds. */
  readonly duration: number;
}

/** How far a run of migrations is: once `planned`, then `started` and `finished` for each tenant that has something to do. */
export type TenantMigrationEvent =
  /** What ran everywhere is known. `todo` tenants have something to do. */
  | { readonly type: 'planned'; readonly tenants: number; readonly todo: number; readonly canary: number }
  | { readonly type: 'started'; readonly tenant: TenantPlace }
  /** `done` of the `todo` tenants are finished. */
  | {
      readonly type: 'finished';
      readonly result: TenantMigrationResult;
      readonly done: number;
      readonly todo: number;
      readonly isCanary: boolean;
    };

/** One difference of a schema from one that is freshly migrated to the same version. */
export interface TenantSchemaDifference {
  /** `table`, `column`, `index`, `constraint`, `sequence`, `trigger`, `view`, `function`, `type`, `policy`, `grant`, … */
  readonly kind: string;
  /** The table that it belongs to, or its own name. */
  readonly object: string;
  /** The column, index, constraint or trigger, or whom a right was granted to. */
  readonly part?: string;
  readonly what: 'missing' | 'unexpected' | 'different';
  readonly expected?: string;
  readonly actual?: string;
}

/** How the schema of a tenant differs from one that was made by its migrations alone; somebody has changed it by hand. */
export interface TenantDrift extends TenantPlace {
  /**
   * `same`: as a freshly migrated one. `unknown`: it ran migrations that this application does not have, so there is nothing to
   * compare it with.
   */
  readonly state: 'same' | 'different' | 'unknown' | TenantSchemaFault;
  readonly version: string | undefined;
  readonly differences: readonly TenantSchemaDifference[];
  readonly error?: TenancyError;
}

/** What `TenantMigrations.drift()` has found. Nothing is changed by it. */
export interface TenantDriftReport {
  readonly tenants: readonly TenantDrift[];
  /** Those that are not `same`. */
  readonly drifted: readonly TenantDrift[];
  /** In milliseconds. */
  readonly duration: number;
}
