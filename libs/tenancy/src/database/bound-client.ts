import pg from 'pg';
import { currentScope } from '../context/tenancy-scope.js';
import { TenantContextMissingError, TenantMismatchError } from '../tenancy.errors.js';
import type { PrefixNow } from './bound-query.js';
import { BoundQuery, bindSubmittable } from './bound-query.js';
import type { PgClientState, PgSubmittable } from './pg-internals.js';
import { leavesResidue } from './session-residue.js';
import { StatementPrefix } from './statement-prefix.js';
import type { TenantBinding, TenantBindings } from './tenant-binding.js';
import { plainBegin, plainEnd } from './transaction-control.js';

type Callback = (error: Error | null, result?: unknown) => void;
type QueryConfig = { text: string; values?: unknown; query_timeout?: number; callback?: Callback };

/**
 * A connection that sends nothing without its tenant. It is bound when it is checked out and unbound when it is given
 * back; in between, each statement is sent only where the running code's tenant is the one it is bound to.
 */
export class BoundClient extends pg.Client {
  private readonly bindings: TenantBindings;
  private binding: TenantBinding | undefined;
  private residue = false;
  private broken = false;
  /** Whether anything was sent since it was checked out. */
  private used = false;
  /** A BEGIN that travels with the first statement of its transaction. */
  private heldBegin: string | undefined;

  constructor(config: pg.ClientConfig & { bindings: TenantBindings }) {
    super(config);
    this.bindings = config.bindings;
    // pg-pool listens to a client's errors only while it is idle, and TypeORM only from a little after the checkout: a
    // backend that dies in between would end the process.
    this.on('error', () => (this.broken = true));
  }

  bind(binding: TenantBinding): void {
    this.binding = binding;
    this.used = false;
  }

  unbind(): void {
    this.binding = undefined;
    this.heldBegin = undefined;
  }

  /** Whether the connection to the server is lost. */
  get isBroken(): boolean {
    return this.broken;
  }

  /** Whether the next user may have it as it is: no statement on its way, no transaction, nothing left in the session. */
  get isClean(): boolean {
    return !this.used || (this.state.readyForQuery === true && this.isIdle && !this.residue);
  }

  /** Whether the server says that no transaction is open. `null`: a new connection, which has sent nothing yet. */
  get isIdle(): boolean {
    const status = this.state.getTransactionStatus();
    return status === 'I' || status === null;
  }

  /** Waits for what is on its way and clears the session. Throws where it cannot be made clean. */
  async clean(deadline: number): Promise<void> {
    if (!this.state.readyForQuery) await this.drained(deadline);
    if (!this.isIdle) throw new Error('The connection was given back within a transaction.');
    if (!this.residue) return;
    await super.query('DISCARD ALL');
    // DISCARD ALL forgets the prepared statements; so must whoever believes that they are there.
    this.state.connection.parsedStatements = {};
    this.residue = false;
  }

  // The signature is pg's own family of overloads, taken as one.
  override query(...args: unknown[]): never {
    const [config, values, callback] = normalise(args);
    if (isSubmittable(config)) return this.submit(config) as never;
    if (!callback) {
      return new Promise((resolve, reject) => {
        this.ask(config, values, (error, result) => (error ? reject(error) : resolve(result)));
      }) as never;
    }
    try {
      this.ask(config, values, callback);
    } catch (error) {
      process.nextTick(callback, error);
    }
    return undefined as never;
  }

  private ask(config: string | QueryConfig, values: unknown, callback: Callback): void {
    const prefixNow = this.prefix();
    const answer = this.holdOrDrop(typeof config === 'string' ? config : config.text);
    if (answer) {
      process.nextTick(callback, null, { command: answer, rowCount: null, oid: null, rows: [], fields: [] });
      return;
    }
    const query = new BoundQuery(prefixNow, config, values, callback);
    if (typeof config !== 'string' && config.query_timeout) query.query_timeout = config.query_timeout;
    this.residue ||= leavesResidue(query.text ?? '');
    this.used = true;
    super.query(query as never);
  }

  private submit<T extends PgSubmittable>(submittable: T): T {
    bindSubmittable(submittable, this.prefix());
    this.residue ||= submittableLeavesResidue(submittable);
    this.used = true;
    return super.query(submittable as never);
  }

  /**
   * Holds a BEGIN back for the first statement of its transaction; a transaction that ends without one is never sent at
   * all. Returns what such a statement is answered with; `undefined` for what has to be sent.
   */
  private holdOrDrop(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    if (this.heldBegin !== undefined) {
      const end = plainEnd(text);
      if (end) this.heldBegin = undefined;
      return end;
    }
    const begin = plainBegin(text);
    // With a statement still on its way, the next one would take the BEGIN along before this one had its turn.
    if (begin === undefined || this.state.readyForQuery !== true || !this.isIdle) return undefined;
    this.heldBegin = begin;
    return 'BEGIN';
  }

  /** What a statement of the running code carries. Throws where that code may not use this connection. */
  private prefix(): PrefixNow {
    const { binding } = this;
    if (!binding) {
      throw new TenantContextMissingError('The connection was given back; it is bound to no tenant any more.');
    }
    const current = this.bindings.of(currentScope());
    if (current.key !== binding.key) throw new TenantMismatchError(binding.key, current.key);
    // The binding of now, not of the moment of sending: a statement may wait behind others while the connection is
    // given back.
    return () => {
      if (!this.isIdle) return undefined;
      const begin = this.heldBegin;
      this.heldBegin = undefined;
      return new StatementPrefix(binding.searchPath, begin);
    };
  }

  private async drained(deadline: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const settle = (error?: Error) => {
        clearTimeout(timer);
        this.off('drain', settle).off('error', settle);
        if (error) reject(error);
        else resolve();
      };
      const timer = setTimeout(() => {
        settle(new Error(`A statement was still running ${deadline} ms after its connection was given back.`));
      }, deadline);
      this.once('drain', settle).once('error', settle);
    });
  }

  private get state(): PgClientState {
    return this as unknown as PgClientState;
  }
}

function normalise(args: unknown[]): [string | QueryConfig, unknown, Callback | undefined] {
  const [config, second, third] = args as [string | QueryConfig, unknown, Callback | undefined];
  if (config === null || config === undefined) throw new TypeError('Client was passed a null or undefined query');
  const own = typeof config === 'string' ? undefined : config.callback;
  if (typeof second === 'function') return [config, undefined, second as Callback];
  return [config, second, third ?? own];
}

function isSubmittable(value: unknown): value is PgSubmittable & QueryConfig {
  return typeof (value as { submit?: unknown }).submit === 'function';
}

/** A cursor has its text, and a stream has a cursor. What else there may be is not known, so it may leave anything. */
function submittableLeavesResidue(submittable: PgSubmittable): boolean {
  const { text, cursor } = submittable as { text?: string; cursor?: { text?: string } };
  const sql = text ?? cursor?.text;
  return sql === undefined || leavesResidue(sql);
}
