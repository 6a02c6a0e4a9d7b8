import { EventEmitter } from 'node:events';
import { currentScope } from '../../context/tenancy-scope.js';
import type { TenantBindings } from '../binding/tenant-binding.js';
import type { TenantPool } from './tenant-pool.js';

type ConnectCallback = Parameters<TenantPool['connect']>[0];

/** What TypeORM takes for its pool where there are several servers: each connection is one of the current tenant's server. */
export class RoutingPool extends EventEmitter {
  constructor(
    private readonly pools: ReadonlyMap<string, TenantPool>,
    private readonly bindings: TenantBindings,
  ) {
    super();
    for (const pool of pools.values()) {
      // Without a listener it would end the process, and nobody has lost anything.
      pool.on('error', (error, client) => this.listenerCount('error') > 0 && this.emit('error', error, client));
    }
  }

  connect(callback: ConnectCallback): void {
    let pool: TenantPool;
    try {
      pool = this.poolOfScope();
    } catch (error) {
      callback(error as Error, undefined, () => undefined);
      return;
    }
    pool.connect(callback);
  }

  end(callback: (error?: Error) => void): void {
    Promise.all([...this.pools.values()].map((pool) => pool.end())).then(() => callback(), callback);
  }

  private poolOfScope(): TenantPool {
    const { server } = this.bindings.of(currentScope());
    // There is one for each server that the bindings know.
    return this.pools.get(server)!;
  }
}
