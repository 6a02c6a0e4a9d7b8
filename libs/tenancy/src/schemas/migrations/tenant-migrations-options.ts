import { TenancyOptionsError } from '../../tenancy.errors.js';
import type { Tenant } from '../../tenants/tenant.js';
import type { TenantMigrationEvent } from './tenant-migrations-report.js';

/** How TypeORM's `migrationsTransactionMode` splits the pending migrations of a tenant into transactions. */
export type TenantMigrationsTransaction = 'all' | 'each' | 'none';

/** Whom it is about. */
export interface TenantSelection {
  /** Tenants, or their ids. @defaultValue every tenant that the store lists, whatever its status */
  readonly tenants?: ReadonlyArray<Tenant | string>;
}

/** How a change of many tenants is run. */
export class TenantRunOptions {
  /**
   * So many tenants go first, one after the other. Where one of them fails, no other tenant is touched. 0 for none.
   * @defaultValue `1`
   */
  canary = 1;
  /** How many tenants are worked on at once on each database server. @defaultValue `8` */
  concurrency = 8;
  /** Whether the other tenants go on where one fails. Those that are at work are always finished. @defaultValue `'continue'` */
  onError: 'continue' | 'stop' = 'continue';
  /**
   * How long a statement waits for a lock, in milliseconds: a table that somebody reads cannot be altered, and whoever reads
   * it next waits behind that. Statements that run without a transaction wait as the login role's own `lock_timeout` says.
   * @defaultValue `5_000`
   */
  lockTimeout = 5_000;
  /**
   * `'all'`: all pending migrations of a tenant are one transaction. `'each'`: one for each migration; what ran before one
   * that fails stays. `'none'`: a failure leaves what the migration did up to there, and the migration is pending still: make
   * such migrations so that they can run twice. With `'each'` a migration says `transaction = false` for that.
   * @defaultValue TypeORM's `migrationsTransactionMode` of the option `database`, or `'all'`
   */
  transaction?: TenantMigrationsTransaction;
  /** Ends the run: who is at work is finished, nobody else begun. The next run goes on from there. */
  signal?: AbortSignal;
  /** Is told how far it is. What it throws ends the run as `signal` does, and is thrown on. */
  onEvent?: (event: TenantMigrationEvent) => void;
}

export class TenantMigrateRunOptions extends TenantRunOptions {
  /**
   * Find out on a schema of no tenant, which is rolled back, what SQL the migrations send, and send that to each tenant at
   * once, where it can be nothing else for any of them. A migration that looks at what its statements answer, or sends
   * parameters, runs for each tenant; so does everything where one statement fails. A migration that does more than to send
   * SQL (it calls a service, say) has to be run with `false`. @defaultValue `true`
   */
  replay = true;
}

/** What `TenantMigrations.migrate()` is told. Everything has a default: all tenants, one as the canary, then 8 at once. */
export type TenantMigrateOptions = Partial<TenantMigrateRunOptions> & TenantSelection;

/** What `TenantMigrations.revert()` is told. One migration is reverted, of all tenants where none are chosen. */
export type TenantRevertOptions = Partial<TenantRunOptions> &
  TenantSelection & {
    /**
     * The migration to revert; tenants whose last one is another are left as they are. Name it where a run is to be repeated
     * safely. @defaultValue the newest one that a selected tenant has
     */
    readonly migration?: string;
  };

/** The greatest `lock_timeout` of PostgreSQL. */
const MAX_TIMEOUT = 2_147_483_647;

/** Throws `TenancyOptionsError` where an option is not what it must be. */
export function checkRunOptions({ canary, concurrency, onError, lockTimeout, transaction }: TenantRunOptions): void {
  whole('canary', canary, 0);
  whole('concurrency', concurrency, 1);
  whole('lockTimeout', lockTimeout, 1, MAX_TIMEOUT);
  oneOf('onError', onError, ['continue', 'stop']);
  if (transaction !== undefined) oneOf('transaction', transaction, ['all', 'each', 'none']);
}

function whole(name: string, value: number, min: number, max = Number.MAX_SAFE_INTEGER): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new TenancyOptionsError(`${name} is ${String(value)}; it must be a whole number from ${min} to ${max}.`);
}

function oneOf(name: string, value: string, known: readonly string[]): void {
  if (known.includes(value)) return;
  throw new TenancyOptionsError(`${name} is ${JSON.stringify(value)}; it must be one of ${known.join(', ')}.`);
}
