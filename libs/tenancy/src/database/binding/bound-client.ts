import pg from 'pg';
import { currentScope } from '../../context/tenancy-scope.js';
import { TenantContextMissingError, TenantMismatchError, UnsupportedStatementError } from '../../tenancy.errors.js';
import type { PrefixNow } from './bound-query.js';
import { bindToContext } from './bind-to-context.js';
import { bindSubmittable, BoundQuery, keepContext } from './bound-query.js';
import type { PgClientState, PgSubmittable } from './pg-internals.js';
import type { Callback, QueryConfig } from './query-arguments.js';
import { isCursor, isSubmittable, normalise, textOf, textOfSubmittable } from './query-arguments.js';
import { StatementPrefix } from './statement-prefix.js';
import type { StatementTraits } from './statement-traits.js';
import { traitsOf } from './statement-traits.js';
import type { TenantBinding, TenantBindings } from './tenant-binding.js';

/** What is known of the server that a connection leads to. */
export interface ServerTraits {
  /**
   * Whether a connection reaches its server process directly, and always the same one: then that can keep a prepared
   * statement. False until it is known.
   */
  isDirect: boolean;
}

export interface BoundClientOptions {
  readonly bindings: TenantBindings;
  readonly server: ServerTraits;
}

/**
 * A connection that sends nothing without its tenant. It is bound when it is checked out and unbound when it is given
 * back; in between, each statement is sent only where the running code's tenant is the one it is bound to.
 */
export class BoundClient extends pg.Client {
  private readonly bindings: TenantBindings;
  private readonly server: ServerTraits;
  private binding: TenantBinding | undefined;
  private residue = false;
  private broken = false;
  private hasSent = false;
  /** Whether the server has the statement that sets search_path. */
  private hasPrepared = false;
  /** A BEGIN that travels with the first statement of its transaction. */
  private heldBegin: string | undefined;

  constructor(config: pg.ClientConfig & BoundClientOptions) {
    super(config);
    this.bindings = config.bindings;
    this.server = config.server;
    // pg-pool listens to a client's errors only while it is idle, and TypeORM only from a little after the checkout: a
    // backend that dies in between would end the process.
    this.on('error', () => (this.broken = true));
  }

  bind(binding: TenantBinding): void {
    this.binding = binding;
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
    return this.isSettled && this.isIdle && !this.residue;
  }

  /** Waits for what is on its way and clears the session. Throws where it cannot be made clean. */
  async clean(deadline: number): Promise<void> {
    if (!this.isSettled) await this.drained(deadline);
    if (!this.isIdle) throw new Error('The connection was given back within a transaction.');
    if (!this.residue) return;
    await super.query('DISCARD ALL');
    // DISCARD ALL forgets the prepared statements; so must whoever believes that they are there.
    this.state.connection.parsedStatements = {};
    this.hasPrepared = false;
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
    // pg calls back in the context of its socket, which is that of whoever the socket was opened for.
    const inCallersContext = bindToContext(callback);
    try {
      this.ask(config, values, inCallersContext);
    } catch (error) {
      process.nextTick(inCallersContext, error);
    }
    return undefined as never;
  }

  private ask(config: string | QueryConfig, values: unknown, callback: Callback): void {
    const binding = this.ownBinding();
    const text = textOf(config, values);
    const traits = sendable(text);
    const answer = this.holdOrDrop(traits);
    if (answer) {
      process.nextTick(callback, null, { command: answer, rowCount: null, oid: null, rows: [], fields: [] });
      return;
    }
    if (traits.travelsAlone) this.sendHeldBegin(binding);
    const query = new BoundQuery(this.prefixNow(binding), traits, config, values, callback);
    if (typeof config !== 'string' && config.query_timeout) query.query_timeout = config.query_timeout;
    this.residue ||= traits.leavesResidue;
    this.send(query);
  }

  private submit<T extends PgSubmittable>(submittable: T): T {
    const binding = this.ownBinding();
    if (submittable instanceof pg.Query) {
      throw new UnsupportedStatementError('Give query() the text and the values, not a Query object.');
    }
    const text = textOfSubmittable(submittable);
    const traits = text === undefined ? undefined : sendable(text);
    keepContext(submittable);
    if (isCursor(submittable)) {
      bindSubmittable(submittable, this.prefixNow(binding));
    } else if (this.heldBegin !== undefined) {
      this.sendHeldBegin(binding);
    } else if (this.isIdle) {
      throw new UnsupportedStatementError('COPY and the like are bound by their transaction only. Begin one before.');
    }
    // What is not known may leave anything.
    this.residue ||= traits?.leavesResidue ?? true;
    return this.send(submittable) as T;
  }

  private send(submittable: PgSubmittable): unknown {
    this.hasSent = true;
    return super.query(submittable as never);
  }

  /**
   * Holds a BEGIN, and the modes it is given, back for the first statement of its transaction; a transaction that ends without one is never sent at
   * all. Returns what such a statement is answered with; `undefined` for what has to be sent.
   */
  private holdOrDrop({ begin, end, modes }: StatementTraits): string | undefined {
    if (this.heldBegin !== undefined) {
      if (end) this.heldBegin = undefined;
      if (modes) this.heldBegin += ` ${modes}`;
      return end ?? (modes && 'SET');
    }
    // With a statement still on its way, the next one would take the BEGIN along before this one had its turn.
    if (begin === undefined || !this.isSettled || !this.isIdle) return undefined;
    this.heldBegin = begin;
    return begin.startsWith('start') ? 'START' : 'BEGIN';
  }

  /** For what cannot take it along. */
  private sendHeldBegin(binding: TenantBinding): void {
    const begin = this.heldBegin;
    if (begin === undefined) return;
    this.heldBegin = undefined;
    // It cannot fail but with the connection, and then what comes after it fails too.
    this.send(new BoundQuery(this.prefixNow(binding), traitsOf(begin), begin, undefined, () => undefined));
  }

  /** The binding, for a statement of the running code. Throws where that code may not use this connection. */
  private ownBinding(): TenantBinding {
    const { binding } = this;
    if (!binding) {
      throw new TenantContextMissingError('The connection was given back; it is bound to no tenant any more.');
    }
    const current = this.bindings.of(currentScope());
    if (current.key !== binding.key) throw new TenantMismatchError(binding.key, current.key);
    return binding;
  }

  /** The binding of now, not of the moment of sending: a statement may wait while the connection is given back. */
  private prefixNow(binding: TenantBinding): PrefixNow {
    return () => {
      if (!this.isIdle) return undefined;
      const begin = this.heldBegin;
      this.heldBegin = undefined;
      return new StatementPrefix(binding.messages, () => this.messagesNow(binding), begin);
    };
  }

  private messagesNow({ messages }: TenantBinding): Buffer {
    // What leaves something may be DEALLOCATE ALL; the connection is cleared before the next one has it.
    if (!this.server.isDirect || this.residue) return messages.unnamed;
    if (this.hasPrepared) return messages.prepared;
    this.hasPrepared = true;
    return messages.preparing;
  }

  /** Whether no statement is on its way or waits. A new connection is ready before pg says so. */
  private get isSettled(): boolean {
    return this.state._queryQueue.length === 0 && (this.state.readyForQuery === true || !this.hasSent);
  }

  /** Whether the server says that no transaction is open. `null`: a new connection, which has sent nothing yet. */
  private get isIdle(): boolean {
    const status = this.state.getTransactionStatus();
    return status === 'I' || status === null;
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

function sendable(text: string): StatementTraits {
  const traits = traitsOf(text);
  if (traits.refusal !== undefined) throw new UnsupportedStatementError(traits.refusal);
  return traits;
}
