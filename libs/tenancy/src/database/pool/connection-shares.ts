import { TenantQuotaExceededError } from '../../tenancy.errors.js';

/** How many connections one tenant may use at once. */
export interface ConnectionShareOptions {
  readonly limit: number;
  /** How long a tenant's next user waits for one of them, in milliseconds. */
  readonly maxWait: number;
}

interface Share {
  inUse: number;
  /** In the order in which they came. */
  readonly waiting: Set<() => void>;
}

/** Keeps one tenant's load from using up the pool: who comes past the limit waits for that tenant's own, for a while. */
export class ConnectionShares {
  // Only tenants that use a connection now are in it.
  private readonly shares = new Map<string, Share>();

  constructor(private readonly options: ConnectionShareOptions) {}

  /** Calls back at once, or when another user of the tenant gave his connection back, or with the refusal. */
  acquire(tenantId: string, callback: (error?: TenantQuotaExceededError) => void): void {
    const share = this.shares.get(tenantId) ?? { inUse: 0, waiting: new Set() };
    this.shares.set(tenantId, share);
    if (share.inUse < this.options.limit) {
      share.inUse += 1;
      callback();
      return;
    }
    const proceed = () => {
      clearTimeout(timer);
      callback();
    };
    const timer = setTimeout(() => {
      share.waiting.delete(proceed);
      const retryAfter = Math.max(1, Math.ceil(this.options.maxWait / 1_000));
      callback(new TenantQuotaExceededError(tenantId, 'database connections', this.options.limit, retryAfter));
    }, this.options.maxWait);
    share.waiting.add(proceed);
  }

  release(tenantId: string): void {
    const share = this.shares.get(tenantId);
    if (!share) return;
    const [next] = share.waiting;
    if (next) {
      // The share goes on to who waits: nobody who comes now can take it first.
      share.waiting.delete(next);
      next();
      return;
    }
    share.inUse -= 1;
    if (share.inUse === 0) this.shares.delete(tenantId);
  }
}
