import { TenancyOptionsError } from '../tenancy.errors.js';
import { tenantRoleName } from '../tenants/tenant-role.js';
import type { Tenant } from '../tenants/tenant.js';
import type { LocalSetting } from './binding/statement-prefix.js';
import { DEFAULT_SERVER } from './binding/tenant-binding.js';
import type { TenantDatabaseOptions } from './tenant-database-options.js';

type TenantSettingsOptions = Pick<TenantDatabaseOptions, 'isolation' | 'statementTimeout'>;

// The greatest that PostgreSQL takes.
const MAX_TIMEOUT = 2_147_483_647;

/** What the transactions of tenants are told besides their path. */
export class TenantSettings {
  /** The name of the database on each server. */
  private readonly databases = new Map<string, string>();

  constructor(private readonly options: TenantSettingsOptions) {
    const { isolation, statementTimeout } = options;
    if (isolation !== undefined && !['schema', 'role'].includes(isolation)) {
      throw new TenancyOptionsError(
        `database.isolation is ${JSON.stringify(isolation)}; it must be "schema" or "role".`,
      );
    }
    if (typeof statementTimeout !== 'function') checked(statementTimeout);
  }

  /** Roles are named after the database too, which only the server knows for certain. */
  learn(server: string, database: string): void {
    this.databases.set(server, database);
  }

  /** The same names for every tenant and for the system, which is left what its session began with. */
  of(tenant: Tenant | undefined): LocalSetting[] {
    const { isolation, statementTimeout } = this.options;
    const settings: LocalSetting[] = [];
    if (isolation === 'role') settings.push(['role', tenant ? this.roleOf(tenant) : null]);
    if (statementTimeout !== undefined) settings.push(['statement_timeout', tenant ? this.timeoutOf(tenant) : null]);
    return settings;
  }

  private roleOf({ schema, database: server = DEFAULT_SERVER }: Tenant): string {
    const database = this.databases.get(server);
    if (database === undefined) throw new TenancyOptionsError('Roles of tenants are known from initialize() on.');
    return tenantRoleName(schema, database);
  }

  private timeoutOf(tenant: Tenant): string | null {
    const { statementTimeout } = this.options;
    const timeout =
      typeof statementTimeout === 'function' ? checked(statementTimeout(tenant), tenant) : statementTimeout;
    return timeout === undefined ? null : String(timeout);
  }
}

function checked(timeout: number | undefined, tenant?: Tenant): number | undefined {
  if (timeout === undefined || (Number.isInteger(timeout) && timeout > 0 && timeout <= MAX_TIMEOUT)) return timeout;
  throw new TenancyOptionsError(
    `database.statementTimeout${tenant ? ` of tenant ${JSON.stringify(tenant.id)}` : ''} is ${String(timeout)}; it must be ` +
      `a whole number of milliseconds above 0, at most ${MAX_TIMEOUT}, or undefined for no limit of its own.`,
  );
}
