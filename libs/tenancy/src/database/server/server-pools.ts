import type pg from 'pg';
import type { ServerTraits } from '../binding/bound-client.js';
import type { TenantBindings } from '../binding/tenant-binding.js';
import { RoutingPool } from '../pool/routing-pool.js';
import { TenantPool } from '../pool/tenant-pool.js';
import type { TenantPoolOptions } from '../pool/tenant-pool-options.js';
import { probeBinding } from './probe-binding.js';
import type { IsolationViolationError } from '../../tenancy.errors.js';
import { TenancyError, TenancyOptionsError } from '../../tenancy.errors.js';
import type { TenantDatabaseServerOptions } from '../tenant-database-options.js';

/** One database server: what is known of it, and the connections to it. */
export interface DatabaseServer {
  readonly name: string;
  /** What errors call it. */
  readonly title: string;
  readonly traits: ServerTraits;
  readonly pool: TenantPool;
}

/** How many connections to a server are looked at when it is opened: several, so that a mix-up of them shows. */
const PROBED_CONNECTIONS = 3;

/** What TypeORM uses of a pool. */
type OrmPool = Pick<RoutingPool, 'connect' | 'end'>;

/** A pool for each database server, and for TypeORM one that chooses among them. */
export class ServerPools {
  private servers: readonly DatabaseServer[] = [];
  private router: OrmPool | undefined;

  constructor(
    private readonly options: ReadonlyMap<string, TenantDatabaseServerOptions>,
    private readonly bindings: TenantBindings,
    private readonly onViolation: (violation: IsolationViolationError) => void,
  ) {}

  /** Whether there is no other server than the default one. */
  get isSingle(): boolean {
    return this.options.size === 1;
  }

  /**
   * Makes the pools, and looks at each server over its own. Throws `TenancyOptionsError` where a server does not keep the
   * binding of a statement.
   */
  async open(): Promise<readonly DatabaseServer[]> {
    this.servers = [...this.options].map(([name, options]) => {
      const traits: ServerTraits = { isDirect: false };
      const title = this.isSingle ? 'The database server' : `The database server ${name}`;
      return { name, title, traits, pool: new TenantPool(this.poolOptions(options, traits)) };
    });
    const pools = new Map(this.servers.map(({ name, pool }) => [name, pool]));
    const [only] = pools.values();
    this.router = only && this.isSingle ? only : new RoutingPool(pools, this.bindings);
    await Promise.all(this.servers.map((server) => this.probe(server)));
    return this.servers;
  }

  /** What TypeORM takes for its pool. */
  get pool(): OrmPool {
    if (!this.router) throw new Error('The pools are there from initialize() on.');
    return this.router;
  }

  /** How to connect to a server other than through its pool. */
  clientOptions(server: string): pg.ClientConfig {
    return toPgOptions(this.options.get(server)!);
  }

  /** Whether connections lead straight to a server, and how many there may be. */
  known(server: string): { readonly isDirect: boolean; readonly poolSize: number } {
    const { traits, pool } = this.servers.find(({ name }) => name === server)!;
    return { isDirect: traits.isDirect, poolSize: pool.limits.max };
  }

  async end(): Promise<void> {
    const open = this.servers.filter(({ pool }) => !pool.isEnded);
    await Promise.all(open.map(({ pool }) => pool.end()));
  }

  private async probe({ name, title, pool, traits }: DatabaseServer): Promise<void> {
    const invent = (schema: string) => this.bindings.invent(schema, name);
    const connections = Math.min(pool.limits.max, PROBED_CONNECTIONS);
    try {
      await probeBinding({ title, pool, traits, connections, invent });
    } catch (error) {
      // Of the only server pg's own error says enough, and whoever starts the service knows its codes.
      if (error instanceof TenancyError || this.isSingle) throw error;
      throw new TenancyOptionsError(`${title} cannot be reached: ${reasonOf(error)}`, { cause: error });
    }
  }

  private poolOptions(options: TenantDatabaseServerOptions, server: ServerTraits): TenantPoolOptions {
    const { maxConnectionsPerTenant: limit, maxConnectionWait: maxWait = 1_000, prepare } = options;
    return {
      ...toPgOptions(options),
      bindings: this.bindings,
      server,
      onViolation: this.onViolation,
      affinity: options.affinity,
      maxSchemas: options.maxSchemasPerConnection,
      maxPrepared: typeof prepare === 'object' ? prepare.max : prepare ? 1_000 : 0,
      ...(limit === undefined ? {} : { perTenant: { limit, maxWait } }),
    };
  }
}

/** TypeORM's names of what pg is told, which `extra` may say otherwise. As TypeORM does it for a pool of its own. */
function toPgOptions(options: TenantDatabaseServerOptions): pg.PoolConfig {
  return {
    connectionString: options.url,
    host: options.host,
    port: options.port,
    user: options.username,
    password: options.password,
    database: options.database,
    // Of TypeORM's type for it only what is pg's too can be of use.
    ssl: options.ssl as pg.PoolConfig['ssl'],
    connectionTimeoutMillis: options.connectTimeoutMS,
    application_name: options.applicationName,
    max: options.poolSize,
    ...(options.extra as pg.PoolConfig | undefined),
  };
}

/** A host of several addresses fails with an error for each of them, and no words of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
