import type pg from 'pg';
import { currentScope, runInScope } from '../../context/tenancy-scope.js';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { apart } from '../binding/apart.js';
import { bindToContext } from '../binding/bind-to-context.js';
import type { TenantBinding, TenantBindings } from '../binding/tenant-binding.js';
import { ConnectionPool } from './connection-pool.js';
import { ConnectionShares } from './connection-shares.js';
import { abandon, makeClean } from './make-clean.js';
import type { PooledConnection } from './pooled-connection.js';
import type { TenantPoolOptions } from './tenant-pool-options.js';
import type { ConnectionRequest } from './waiting-line.js';

type Release = (error?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, release: Release) => void;

const NOTHING = () => undefined;

/**
 * A pool that binds a connection to the tenant of whoever asks for it, from the checkout to the release. It has the members
 * of pg's own pool, and decides by tenant what that one decides by chance: whose turn it is, and which connection serves
 * whom.
 */
export class TenantPool extends ConnectionPool {
  private readonly bindings: TenantBindings;
  private readonly shares: ConnectionShares | undefined;

  constructor(options: TenantPoolOptions) {
    if (options.pipeline) {
      throw new TenancyOptionsError(
        'extra.pipeline sends statements before it is known whether a transaction is open.',
      );
    }
    super(options);
    this.bindings = options.bindings;
    if (options.perTenant) this.shares = new ConnectionShares(options.perTenant);
  }

  connect(): Promise<pg.PoolClient>;
  connect(callback: ConnectCallback): void;
  connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    if (!callback) {
      return new Promise((resolve, reject) => {
        this.connect((error, client) => (error ? reject(error) : resolve(client!)));
      });
    }
    let binding: TenantBinding;
    try {
      if (this.isEnded) throw new Error('The pool was ended.');
      // Read here and now: whoever gives a connection back later is perhaps another tenant.
      binding = this.bindings.of(currentScope());
    } catch (error) {
      return callback(error as Error, undefined, NOTHING);
    }
    const { shares } = this;
    const { tenantId } = binding;
    if (!shares || tenantId === undefined) return this.checkOut(binding, callback, NOTHING);
    const answer = bindToContext(apart);
    shares.acquire(tenantId, (refusal) => {
      answer(() => {
        if (refusal) callback(refusal, undefined, NOTHING);
        else this.checkOut(binding, callback, () => shares.release(tenantId));
      });
    });
  }

  /** One statement of the current tenant, on a connection of its own. */
  async query<R extends pg.QueryResultRow>(
    statement: string | pg.QueryConfig | pg.QueryArrayConfig,
    values?: unknown[],
  ): Promise<pg.QueryResult<R>> {
    const client = await this.connect();
    try {
      return await client.query<R>(statement as pg.QueryConfig, values);
    } finally {
      client.release();
    }
  }

  /** Refuses who waits and who comes, and ends once every connection was given back. */
  end(): Promise<void>;
  end(callback: () => void): void;
  end(callback?: () => void): Promise<void> | void {
    if (!callback) return new Promise((resolve) => this.shutDown(resolve));
    this.shutDown(callback);
  }

  private checkOut(binding: TenantBinding, callback: ConnectCallback, returned: () => void): void {
    const connection = this.takeIdle(binding.schema);
    // At once, in the context of who asks.
    if (connection) this.handOver(connection, binding, callback, returned);
    else this.wait(this.requestOf(binding, callback, returned));
  }

  private requestOf(binding: TenantBinding, callback: ConnectCallback, returned: () => void): ConnectionRequest {
    // By whoever gives a connection back: not in his context, and not at his expense.
    const answer = bindToContext(apart);
    const request: ConnectionRequest = {
      binding,
      serve: (connection) => {
        clearTimeout(timer);
        answer(() => this.handOver(connection, binding, callback, returned));
      },
      refuse: (error) => {
        clearTimeout(timer);
        returned();
        answer(() => callback(error, undefined, NOTHING));
      },
    };
    const { connectionTimeoutMillis } = this.limits;
    const giveUp = () => {
      this.stopWaiting(request);
      request.refuse(new Error(`No connection was free within ${connectionTimeoutMillis} ms.`));
    };
    const timer = connectionTimeoutMillis > 0 ? setTimeout(giveUp, connectionTimeoutMillis) : undefined;
    return request;
  }

  private handOver(
    connection: PooledConnection,
    binding: TenantBinding,
    callback: ConnectCallback,
    returned: () => void,
  ): void {
    connection.useFor(binding.schema);
    connection.client.bind(binding);
    const client = connection.client as unknown as pg.PoolClient;
    apart(() => this.emit('acquire', client));
    let isReleased = false;
    client.release = (reason) => {
      if (isReleased) throw new Error('The connection was already given back.');
      isReleased = true;
      this.giveBack(connection, reason, returned);
    };
    callback(undefined, client, client.release);
  }

  /** Nothing of a tenant goes back into the pool: what cannot be made clean is closed. */
  private giveBack(connection: PooledConnection, reason: Error | boolean | undefined, returned: () => void): void {
    const { client } = connection;
    client.unbind();
    apart(() => this.emit('release', reason, client));
    const done = (isUsable: boolean) => {
      if (isUsable && !client.isBroken) this.offer(connection);
      else this.close(connection);
      returned();
    };
    if (reason || client.isBroken) {
      runInScope(undefined, () => abandon(client));
      return done(false);
    }
    if (client.isClean) return done(true);
    runInScope(undefined, () => makeClean(client)).then(
      () => done(true),
      () => done(false),
    );
  }
}
