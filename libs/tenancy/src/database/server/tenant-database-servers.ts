import { TenancyOptionsError } from '../../tenancy.errors.js';
import { isRecord } from '../../tenants/tenant.js';
import { DEFAULT_SERVER } from '../binding/tenant-binding.js';
import type {
  TenantDatabaseOptions,
  TenantDatabaseServerOptions,
  TenantDatabaseServers,
} from '../tenant-database-options.js';

type ServerOption = keyof TenantDatabaseServerOptions;

/** Where a server is and how to log in: of no use to another one, and worse than nothing there. */
const ADDRESS = ['url', 'host', 'port', 'username', 'password', 'database'] as const satisfies ServerOption[];
/** The same in the words of pg, which `extra` is in. */
const PG_ADDRESS = ['connectionString', 'host', 'port', 'user', 'password', 'database'];
/** What a server takes from `default` where it does not say it. */
const INHERITED = [
  'ssl',
  'applicationName',
  'connectTimeoutMS',
  'poolSize',
  'sharedSchemas',
  'maxConnectionsPerTenant',
  'maxConnectionWait',
  'prepare',
  'affinity',
  'maxSchemasPerConnection',
] as const satisfies ServerOption[];
const OWN: readonly string[] = [...ADDRESS, ...INHERITED, 'extra'];
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]*$/;

/** What all servers have in common: the options of the only one, or those of `default`. */
export function commonOptions(options: TenantDatabaseOptions | TenantDatabaseServers): TenantDatabaseOptions {
  return isSeveral(options) ? options.default : options;
}

/** What is to be known of each database server, by its name, with nothing left to look up. */
export function serverOptions(
  options: TenantDatabaseOptions | TenantDatabaseServers,
): ReadonlyMap<string, TenantDatabaseServerOptions> {
  if (!isSeveral(options)) assertNoServers(options);
  for (const one of isSeveral(options) ? Object.values(options) : [options]) assertNoReplication(one);
  const common = commonOptions(options);
  const servers = new Map<string, TenantDatabaseServerOptions>([[DEFAULT_SERVER, common]]);
  for (const [name, own] of isSeveral(options) ? Object.entries(options) : []) {
    if (name !== DEFAULT_SERVER && own !== undefined) servers.set(name, completed(name, own, common));
  }
  for (const [name, server] of servers) assertLimits(name, server);
  return servers;
}

function isSeveral(options: TenantDatabaseOptions | TenantDatabaseServers): options is TenantDatabaseServers {
  return options.default !== undefined;
}

function completed(
  name: string,
  own: TenantDatabaseServerOptions,
  common: TenantDatabaseOptions,
): TenantDatabaseServerOptions {
  if (!NAME.test(name)) {
    throw new TenancyOptionsError(`${JSON.stringify(name)} is no name for a database server: letters, digits, ".-_".`);
  }
  if (!isRecord(own)) {
    throw new TenancyOptionsError(
      `database.${name} is no database server. With database.default every key names one: { url, … }.`,
    );
  }
  const said = Object.entries(own).filter(([, value]) => value !== undefined);
  for (const [option, value] of said) {
    if (OWN.includes(option) || value === common[option as keyof TenantDatabaseOptions]) continue;
    throw new TenancyOptionsError(
      `database.${name}.${option} is common to all servers: give it in database.default. ` +
        `A server may say of itself: ${OWN.join(', ')}.`,
    );
  }
  const extra: unknown = own.extra;
  if (!hasAddress(own, ADDRESS) && !hasAddress(extra, PG_ADDRESS)) {
    throw new TenancyOptionsError(`database.${name} does not say where it is. Give its url, or its host and database.`);
  }
  const inherited = Object.fromEntries(INHERITED.map((option) => [option, common[option]]));
  const extras = { ...withoutAddress(common.extra), ...(isRecord(extra) ? extra : {}) };
  return { ...inherited, ...Object.fromEntries(said), extra: extras };
}

/** Servers without a `default` would be taken for options that TypeORM does not know, and the address be left out. */
function assertNoServers(options: TenantDatabaseOptions): void {
  // The options of TypeORM that are objects, and may hold an address of something else.
  const known = ['ssl', 'extra', 'replication', 'cache', 'logger'];
  const lost = Object.entries(options).find(
    ([option, value]) => !known.includes(option) && hasAddress(value, ['url', 'host', 'database']),
  );
  if (!lost) return;
  throw new TenancyOptionsError(
    `database.${lost[0]} looks like a database server, and database.default is missing: the server of the system, and ` +
      'of the tenants that name none.',
  );
}

function assertNoReplication(options: TenantDatabaseServerOptions): void {
  if (!isRecord(options) || options.replication === undefined) return;
  throw new TenancyOptionsError(
    'database.replication is not supported: a replica is late, so what TypeORM reads there may lack what the tenant has ' +
      'just written, or its whole schema. Give the address of the primary. For reads that may be late, make a ' +
      "TenantDataSourceFactory of its own with the replica's url. Servers that hold different tenants are named: " +
      '{ default: …, eu: … }.',
  );
}

function assertLimits(name: string, options: TenantDatabaseServerOptions): void {
  const { maxConnectionsPerTenant: limit, maxConnectionWait: wait } = options;
  const option = name === DEFAULT_SERVER ? 'database' : `database.${name}`;
  if (limit !== undefined && !(Number.isInteger(limit) && limit > 0)) {
    throw new TenancyOptionsError(`${option}.maxConnectionsPerTenant is ${limit}; it must be a whole number above 0.`);
  }
  // A timer that is given more fires at once.
  if (wait !== undefined && !(wait >= 0 && wait < 2 ** 31)) {
    throw new TenancyOptionsError(
      `${option}.maxConnectionWait is ${wait}; it is in milliseconds, at most ${2 ** 31 - 1}.`,
    );
  }
}

function hasAddress(value: unknown, options: readonly string[]): boolean {
  return isRecord(value) && options.some((option) => ['string', 'number'].includes(typeof value[option]));
}

function withoutAddress(extra: unknown): Record<string, unknown> {
  if (!isRecord(extra)) return {};
  return Object.fromEntries(Object.entries(extra).filter(([option]) => !PG_ADDRESS.includes(option)));
}
