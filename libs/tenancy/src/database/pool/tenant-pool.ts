import pg from 'pg';
import { currentScope, runInScope } from '../../context/tenancy-scope.js';
import { TenancyOptionsError } from '../../tenancy.errors.js';
import { bindToContext } from '../binding/bind-to-context.js';
import type { ServerTraits } from '../binding/bound-client.js';
import { BoundClient } from '../binding/bound-client.js';
import type { ConnectionShareOptions } from './connection-shares.js';
import { ConnectionShares } from './connection-shares.js';
import type { TenantBinding, TenantBindings } from '../binding/tenant-binding.js';

type Release = (error?: Error | boolean) => void;
type ConnectCallback = (error: Error | undefined, client: pg.PoolClient | undefined, release: Release) => void;

export interface TenantPoolOptions extends pg.PoolConfig {
  readonly bindings: TenantBindings;
  readonly server?: ServerTraits;
  readonly perTenant?: ConnectionShareOptions;
  readonly pipeline?: boolean;
}

// How long a connection that was given back in the middle of a statement may take to finish it before it is closed.
const CLEAN_DEADLINE_MS = 1_000;

/** A pool that binds a connection to the tenant of whoever asks for it, from the checkout to the release. */
export class TenantPool extends pg.Pool {
  private readonly bindings: TenantBindings;
  private readonly shares: ConnectionShares | undefined;

  constructor(options: TenantPoolOptions) {
    if (options.pipeline) {
      throw new TenancyOptionsError(
        'extra.pipeline sends statements before it is known whether a transaction is open.',
      );
    }
    super({ server: { isDirect: false }, ...options, Client: BoundClient } as unknown as pg.PoolConfig);
    this.bindings = options.bindings;
    if (options.perTenant) this.shares = new ConnectionShares(options.perTenant);
  }

  override connect(): Promise<pg.PoolClient>;
  override connect(callback: ConnectCallback): void;
  override connect(callback?: ConnectCallback): Promise<pg.PoolClient> | void {
    if (!callback) {
      return new Promise((resolve, reject) => {
        this.connect((error, client) => (error ? reject(error) : resolve(client!)));
      });
    }
    let binding: TenantBinding;
    try {
      // Read here and now: pg-pool calls back in the context of whoever gives a connection back, which may be
      // another tenant's.
      binding = this.bindings.of(currentScope());
    } catch (error) {
      callback(error as Error, undefined, () => undefined);
      return;
    }
    const inCallersContext = bindToContext(callback);
    const { tenantId } = binding;
    const { shares } = this;
    if (!shares || tenantId === undefined) return this.checkOut(binding, inCallersContext, () => undefined);
    shares.acquire(tenantId, (refusal) => {
      if (refusal) inCallersContext(refusal, undefined, () => undefined);
      else this.checkOut(binding, inCallersContext, () => shares.release(tenantId));
    });
  }

  private checkOut(binding: TenantBinding, callback: ConnectCallback, ended: () => void): void {
    // Outside every scope: what is opened here outlives the scope, and what happens on it would run as its tenant.
    const connect = (whenDone: ConnectCallback) => runInScope(undefined, () => super.connect(whenDone));
    connect((error, pooled, release) => {
      if (error || !pooled) {
        ended();
        return callback(error, undefined, release);
      }
      const client = pooled as unknown as BoundClient;
      client.bind(binding);
      pooled.release = once((reason) => this.giveBack(client, release, reason, ended));
      callback(undefined, pooled, pooled.release);
    });
  }

  /** Nothing of a tenant goes back into the pool: what cannot be made clean is closed. */
  private giveBack(
    client: BoundClient,
    release: Release,
    reason: Error | boolean | undefined,
    ended: () => void,
  ): void {
    client.unbind();
    const done = (cause?: Error | boolean) => {
      // It may open a connection for whoever waits.
      runInScope(undefined, () => release(cause));
      ended();
    };
    if (reason || client.isBroken) return done(reason ?? true);
    if (client.isClean) return done();
    client.clean(CLEAN_DEADLINE_MS).then(
      () => done(),
      () => done(true),
    );
  }
}

function once(work: Release): Release {
  let done = false;
  return (reason) => {
    if (done) throw new Error('The connection was already given back.');
    done = true;
    work(reason);
  };
}
