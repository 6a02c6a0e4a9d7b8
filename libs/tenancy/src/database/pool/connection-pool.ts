import { EventEmitter } from 'node:events';
import { runInScope } from '../../context/tenancy-scope.js';
import { BoundClient } from '../binding/bound-client.js';
import { SchemaChanges } from '../binding/schema-changes.js';
import { Affinity } from './affinity.js';
import { PooledConnection } from './pooled-connection.js';
import type { TenantPoolOptions } from './tenant-pool-options.js';
import { PoolLimits } from './tenant-pool-options.js';
import type { ConnectionRequest } from './waiting-line.js';
import { WaitingLine } from './waiting-line.js';

/** How long an idle connection waits for a tenant whom it suits before it takes anybody, in milliseconds. */
const SPILL_MS = 2;

/**
 * The connections themselves: opened for those who wait, handed to whom they suit, closed when they have served their time.
 * Emits `connect`, `remove` and `error` (of an idle connection), each with the client.
 */
export class ConnectionPool extends EventEmitter {
  readonly limits: PoolLimits;
  private readonly affinity: Affinity;
  private readonly waiting: WaitingLine;
  private readonly config: ConstructorParameters<typeof BoundClient>[0];
  private readonly connections = new Set<PooledConnection>();
  private readonly slots = new Set<number>();
  /** The one that was used last comes last. */
  private readonly idle: PooledConnection[] = [];
  private opening = 0;
  private spillTimer: NodeJS.Timeout | undefined;
  private sweepTimer: NodeJS.Timeout | undefined;
  private onEnd: Array<() => void> | undefined;

  constructor(options: TenantPoolOptions) {
    super();
    this.limits = new PoolLimits(options);
    this.affinity = new Affinity(this.limits.max, options.affinity ?? true);
    this.waiting = new WaitingLine(4 * this.limits.max);
    const { maxPrepared = 0, server = { isDirect: false } } = options;
    this.config = { ...options, server, maxPrepared, changes: new SchemaChanges() };
  }

  get totalCount(): number {
    return this.connections.size + this.opening;
  }

  get idleCount(): number {
    return this.idle.length;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  get isEnded(): boolean {
    return this.onEnd !== undefined;
  }

  /** An idle connection for a schema; `undefined` where none suits it, or others have waited long enough. */
  takeIdle(schema: string): PooledConnection | undefined {
    const connection = this.affinity.choose(this.idle, schema);
    // Where some wait, it suits none of them.
    if (!connection || !this.waiting.passOver()) return undefined;
    this.wake(connection);
    return connection;
  }

  /** Waits for a connection. */
  wait(request: ConnectionRequest): void {
    if (this.isEnded) return request.refuse(new Error('The pool was ended.'));
    this.waiting.add(request);
    this.openForWaiting();
    if (this.idle.length > 0) this.spillLater();
  }

  stopWaiting(request: ConnectionRequest): void {
    this.waiting.remove(request);
  }

  /** Gives a connection back: to whom it suits among those who wait, or it is idle. */
  offer(connection: PooledConnection): void {
    if (this.isSpent(connection)) return this.close(connection);
    const { affinity } = this;
    const duration = connection.durationOfStatements;
    if (duration !== undefined) affinity.learn(duration);
    const request = this.waiting.takeFor((schema) => affinity.fit(connection, schema));
    if (request) return request.serve(connection);
    connection.idleSince = performance.now();
    this.idle.push(connection);
    if (this.limits.allowExitOnIdle) connection.unref();
    if (this.waiting.length > 0) this.spillLater();
    this.sweepLater();
  }

  close(connection: PooledConnection): void {
    if (!this.connections.delete(connection)) return;
    this.slots.delete(connection.slot);
    if (connection.idleSince !== undefined) this.wake(connection);
    const { client } = connection;
    connection.end(() => this.emit('remove', client));
    this.openForWaiting();
    this.endIfEmpty();
  }

  /** Refuses who waits, and calls back once every connection was given back and closed. */
  protected shutDown(callback: () => void): void {
    (this.onEnd ??= []).push(callback);
    for (const request of this.waiting.takeAll()) request.refuse(new Error('The pool was ended.'));
    for (const connection of this.idle.slice()) this.close(connection);
    this.endIfEmpty();
  }

  private endIfEmpty(): void {
    if (!this.onEnd || this.totalCount > 0) return;
    clearTimeout(this.spillTimer);
    clearTimeout(this.sweepTimer);
    for (const callback of this.onEnd.splice(0)) callback();
  }

  private isSpent({ openedAt, uses, schemaCount }: PooledConnection): boolean {
    const { maxLifetimeMillis, maxUses, maxSchemas } = this.limits;
    if (this.isEnded) return true;
    // Whoever waits for a new one would wait for ever.
    if (uses === 0) return false;
    if (uses >= maxUses || schemaCount >= maxSchemas) return true;
    return maxLifetimeMillis > 0 && performance.now() - openedAt >= maxLifetimeMillis;
  }

  private wake(connection: PooledConnection): void {
    connection.idleSince = undefined;
    // It is the last one as a rule.
    const at = this.idle.lastIndexOf(connection);
    if (at !== -1) this.idle.splice(at, 1);
    if (this.limits.allowExitOnIdle) connection.ref();
  }

  /** Opens a connection for those who wait, as far as there is room. */
  private openForWaiting(): void {
    const first = this.waiting.first();
    if (!first || this.opening >= this.waiting.length || this.totalCount >= this.limits.max) return;
    const slot = this.affinity.slotFor(first.binding.schema, this.slots);
    this.slots.add(slot);
    this.opening += 1;
    // Outside every scope: what is opened here outlives the scope, and what happens on it would run as its tenant.
    runInScope(undefined, () => this.open(slot));
  }

  private open(slot: number): void {
    const client = new BoundClient(this.config);
    client.connect((error: Error | null) => {
      this.opening -= 1;
      if (error) {
        this.slots.delete(slot);
        this.waiting.takeFirst()?.refuse(error);
        this.openForWaiting();
        return this.endIfEmpty();
      }
      const connection = new PooledConnection(client, slot);
      this.connections.add(connection);
      client.on('error', (cause: Error) => this.lost(connection, cause));
      this.emit('connect', client);
      this.offer(connection);
    });
  }

  /** An idle connection has lost its server. One that is in use is closed when it is given back. */
  private lost(connection: PooledConnection, cause: Error): void {
    if (connection.idleSince === undefined) return;
    this.close(connection);
    // Without a listener it would end the process, and nobody has lost anything.
    if (this.listenerCount('error') > 0) this.emit('error', cause, connection.client);
  }

  /** What has been idle for a moment serves anybody: a tenant of many requests must not wait for its home alone. */
  private spillLater(): void {
    this.spillTimer ??= later(SPILL_MS, () => {
      this.spillTimer = undefined;
      const now = performance.now();
      for (const connection of this.idle.slice()) {
        // Whoever was just served may have taken it himself.
        if (connection.idleSince === undefined) continue;
        // A timer may fire a little early.
        if (now - connection.idleSince < SPILL_MS - 1) continue;
        const request = this.waiting.takeFirst();
        if (!request) break;
        this.wake(connection);
        request.serve(connection);
      }
      if (this.idle.length > 0 && this.waiting.length > 0) this.spillLater();
    });
  }

  /** Closes what nobody has used for long, or has served its time. */
  private sweepLater(): void {
    const { idleTimeoutMillis, maxLifetimeMillis, allowExitOnIdle, min } = this.limits;
    const interval = Math.min(idleTimeoutMillis || Infinity, maxLifetimeMillis || Infinity, 2 ** 31 - 1);
    this.sweepTimer ??= later(interval, () => {
      this.sweepTimer = undefined;
      const now = performance.now();
      for (const connection of this.idle.slice()) {
        if (connection.idleSince === undefined) continue;
        const isOld = idleTimeoutMillis > 0 && now - connection.idleSince >= idleTimeoutMillis;
        if ((isOld && this.totalCount > min) || this.isSpent(connection)) this.close(connection);
      }
      if (this.idle.length > 0) this.sweepLater();
    });
    if (allowExitOnIdle) this.sweepTimer.unref();
  }
}

/** Outside the scope of whoever happens to set it off. */
function later(milliseconds: number, work: () => void): NodeJS.Timeout {
  return runInScope(undefined, () => setTimeout(work, milliseconds));
}
