import type pg from 'pg';
import type { ServerTraits } from '../binding/bound-client.js';
import type { TenantBindings } from '../binding/tenant-binding.js';
import type { IsolationViolationError } from '../../tenancy.errors.js';
import type { ConnectionShareOptions } from './connection-shares.js';

/** pg's own options of a pool and its connections, and what ties these to tenants. */
export interface TenantPoolOptions extends pg.PoolConfig {
  readonly bindings: TenantBindings;
  readonly server?: ServerTraits;
  readonly perTenant?: ConnectionShareOptions;
  readonly pipeline?: boolean;
  /** Whether tenants come back to connections that have served them. @defaultValue `true` */
  readonly affinity?: boolean;
  /** How many statements a connection keeps prepared. @defaultValue `0`: none */
  readonly maxPrepared?: number;
  /** How many schemas a connection may get to know before it is replaced. @defaultValue `4_000` */
  readonly maxSchemas?: number;
  /** Is told where the server reports another search_path than the one a statement was bound to. */
  readonly onViolation?: (violation: IsolationViolationError) => void;
  /** How long a connection lives, in seconds; 0 for ever. @defaultValue `3_600` */
  readonly maxLifetimeSeconds?: number;
}

/** The limits of a pool, with pg's defaults where pg has one. */
export class PoolLimits {
  readonly max: number;
  readonly min: number;
  readonly idleTimeoutMillis: number;
  readonly connectionTimeoutMillis: number;
  readonly maxLifetimeMillis: number;
  readonly maxUses: number;
  readonly maxSchemas: number;
  readonly allowExitOnIdle: boolean;

  constructor(options: TenantPoolOptions) {
    this.max = options.max || 10;
    this.min = options.min ?? 0;
    this.idleTimeoutMillis = options.idleTimeoutMillis ?? 10_000;
    this.connectionTimeoutMillis = options.connectionTimeoutMillis ?? 0;
    this.maxLifetimeMillis = (options.maxLifetimeSeconds ?? 3_600) * 1_000;
    this.maxUses = options.maxUses || Infinity;
    this.maxSchemas = options.maxSchemas ?? 4_000;
    this.allowExitOnIdle = options.allowExitOnIdle ?? false;
  }
}
