import type { TenantBinding } from '../binding/tenant-binding.js';
import type { PooledConnection } from './pooled-connection.js';

/** Somebody who asked for a connection. */
export interface ConnectionRequest {
  readonly binding: TenantBinding;
  /** Is given the connection. */
  serve(connection: PooledConnection): void;
  refuse(error: Error): void;
}

interface Queue {
  readonly requests: ConnectionRequest[];
  /** How often others were preferred to it. */
  skipped: number;
}

/** How many tenants are looked at for one whom a connection suits. */
const LOOK_AHEAD = 32;

/**
 * Those who wait for a connection, in a queue for each tenant. Tenants take turns, however long their queues are; a tenant
 * whom the free connection suits may come before its turn, and no tenant is passed over more than a stated number of times.
 */
export class WaitingLine {
  // In the order of the turns: who was served goes to the end.
  private readonly queues = new Map<string, Queue>();
  private count = 0;

  constructor(private readonly maxSkips: number) {}

  get length(): number {
    return this.count;
  }

  add(request: ConnectionRequest): void {
    const { key } = request.binding;
    const queue = this.queues.get(key);
    if (queue) queue.requests.push(request);
    else this.queues.set(key, { requests: [request], skipped: 0 });
    this.count += 1;
  }

  /** Takes somebody out who does not wait any more. */
  remove(request: ConnectionRequest): void {
    const { key } = request.binding;
    const queue = this.queues.get(key);
    const at = queue?.requests.indexOf(request) ?? -1;
    if (!queue || at === -1) return;
    queue.requests.splice(at, 1);
    this.count -= 1;
    if (queue.requests.length === 0) this.queues.delete(key);
  }

  /** Whose turn it is, whatever suits him. */
  first(): ConnectionRequest | undefined {
    for (const { requests } of this.queues.values()) return requests[0];
    return undefined;
  }

  /**
   * Takes whom a connection suits best; `undefined` where it suits nobody and nobody has waited too long. `fit` says how well
   * it suits a schema, 0 for not at all.
   */
  takeFor(fit: (schema: string) => number): ConnectionRequest | undefined {
    let head: Queue | undefined;
    let best: string | undefined;
    let bestFit = 0;
    let looked = 0;
    for (const [key, queue] of this.queues) {
      head ??= queue;
      if (head.skipped >= this.maxSkips) return this.take(key, head);
      const own = fit(queue.requests[0].binding.schema);
      if (own > bestFit) {
        best = key;
        bestFit = own;
      }
      looked += 1;
      if (looked === LOOK_AHEAD) break;
    }
    if (!head || best === undefined) return undefined;
    const queue = this.queues.get(best)!;
    if (queue !== head) head.skipped += 1;
    return this.take(best, queue);
  }

  /** Lets somebody in who did not wait. Answers whether whose turn it is may be passed over once more. */
  passOver(): boolean {
    for (const head of this.queues.values()) {
      if (head.skipped >= this.maxSkips) return false;
      head.skipped += 1;
      break;
    }
    return true;
  }

  /** Takes whose turn it is. */
  takeFirst(): ConnectionRequest | undefined {
    for (const [key, queue] of this.queues) return this.take(key, queue);
    return undefined;
  }

  /** Takes everybody. */
  takeAll(): ConnectionRequest[] {
    const all = [...this.queues.values()].flatMap(({ requests }) => requests);
    this.queues.clear();
    this.count = 0;
    return all;
  }

  private take(key: string, queue: Queue): ConnectionRequest {
    const request = queue.requests.shift()!;
    this.count -= 1;
    this.queues.delete(key);
    if (queue.requests.length > 0) this.queues.set(key, { requests: queue.requests, skipped: 0 });
    return request;
  }
}
