import pg from 'pg';
import { currentScope } from '../../context/tenancy-scope.js';
import {
  IsolationViolationError,
  TenantContextMissingError,
  TenantMismatchError,
  UnsupportedStatementError,
} from '../../tenancy.errors.js';
import { assertSendable } from './assert-sendable.js';
import { bindToContext } from './bind-to-context.js';
import { BoundQuery } from './bound-query.js';
import { endWithConnection } from './cursor-end.js';
import type { PgClientState, PgSubmittable } from './pg-internals.js';
import {
  assertRows,
  bindByTransaction,
  bindCursor,
  keepContext,
  outsideTransactionError,
} from './prefixed-submittable.js';
import type { PreparedStatement } from './prepared-statements.js';
import { PreparedStatements } from './prepared-statements.js';
import type { Callback, QueryConfig } from './query-arguments.js';
import { isCursor, isSubmittable, normalise, statementOf, textOfSubmittable } from './query-arguments.js';
import type { SchemaChanges } from './schema-changes.js';
import { SearchPathReports } from './search-path-reports.js';
import type { StatementPrefix } from './statement-prefix.js';
import { beginMessages } from './statement-prefix.js';
import type { StatementSender } from './statement-sender.js';
import { nameFailures } from './named-failure.js';
import type { StatementTraits } from './statement-traits.js';
import { traitsOf } from './statement-traits.js';
import type { TenantBinding, TenantBindings } from './tenant-binding.js';
import { UsersListeners } from './users-listeners.js';
import { UsersTypeParsers } from './users-type-parsers.js';

const UNKNOWN_STATEMENT = '26000';

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
  /** How many statements a connection keeps prepared. */
  readonly maxPrepared: number;
  readonly changes: SchemaChanges;
  /** Is told where the server contradicts the binding. The connection is not used again. */
  readonly onViolation?: (violation: IsolationViolationError) => void;
}

/**
 * A connection that sends nothing without its tenant. It is bound when it is checked out and unbound when it is given
 * back; in between, each statement is sent only where the running code's tenant is the one it is bound to.
 */
export class BoundClient extends pg.Client implements StatementSender {
  private readonly onViolation: BoundClientOptions['onViolation'];
  private readonly bindings: TenantBindings;
  private readonly server: ServerTraits;
  private readonly changes: SchemaChanges;
  private readonly statements: PreparedStatements | undefined;
  private readonly reports: SearchPathReports;
  private readonly listenersOfUser = new UsersListeners(this);
  private readonly parsersOfUser = new UsersTypeParsers(this.state._types);
  private binding: TenantBinding | undefined;
  private residue = false;
  private broken = false;
  private violation: IsolationViolationError | undefined;
  /** How many statements it has sent, or has waiting. */
  statementCount = 0;
  /** Whether the server has the statement that binds. */
  private hasPrepared = false;
  /** A BEGIN that travels with the first statement of its transaction. */
  private heldBegin: string | undefined;

  constructor(config: pg.ClientConfig & BoundClientOptions) {
    super(config);
    this.bindings = config.bindings;
    this.server = config.server;
    this.changes = config.changes;
    this.onViolation = config.onViolation;
    this.statements = config.maxPrepared > 0 ? new PreparedStatements(config.maxPrepared) : undefined;
    this.reports = new SearchPathReports(this.state.connection, (violation) => this.contradicted(violation));
    // It may be lost in ways that no text shows: by a function, or where a group ended before it was parsed.
    this.state.connection.on('errorMessage', ({ code }) => {
      if (code === UNKNOWN_STATEMENT) this.hasPrepared = false;
    });
    // Between the checkout and TypeORM's own listener nobody hears of an error, and a backend that dies there would end
    // the process.
    this.on('error', () => (this.broken = true));
  }

  bind(binding: TenantBinding): void {
    this.binding = binding;
    this.listenersOfUser.begin();
    this.parsersOfUser.begin();
  }

  unbind(): void {
    // The system's are the operator's, as those of TypeORM's `logNotifications` are.
    if (this.binding?.tenantId !== undefined) this.listenersOfUser.end();
    this.parsersOfUser.end();
    this.binding = undefined;
    this.heldBegin = undefined;
  }

  /** Whether the connection to the server is lost, or not to be used any more. */
  get isBroken(): boolean {
    return this.broken || this.state._ending || !this.state._queryable;
  }

  /** Whether the next user may have it as it is: no statement on its way, no transaction, nothing left in the session. */
  get isClean(): boolean {
    return this.isSettled && this.isIdle && !this.residue;
  }

  /** Whether no statement is on its way or waits. A new connection is ready before pg says so. */
  get isSettled(): boolean {
    return this.state._queryQueue.length === 0 && (this.state.readyForQuery === true || this.statementCount === 0);
  }

  /** Fails the statements that were not sent yet. */
  refuseWaiting(): void {
    const { connection, _queryQueue: waiting } = this.state;
    const error = new Error('The connection was given back before this statement had its turn.');
    for (const query of waiting.splice(0)) process.nextTick(() => query.handleError(error, connection));
  }

  /** Clears the session of a connection that is settled. Throws where it cannot be made clean. */
  async clean(): Promise<void> {
    if (!this.isIdle) throw new Error('The connection was given back within a transaction.');
    if (!this.residue) return;
    await super.query('DISCARD ALL');
    // DISCARD ALL forgets the prepared statements; so must whoever believes that they are there.
    this.state.connection.parsedStatements = {};
    this.statements?.clear();
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
    const binding = this.heldBinding();
    const statement = statementOf(config, values);
    const traits = traitsOf(statement.text);
    // Whoever asks for it, it only takes back. Refused, it would leave the transaction open without whoever began it
    // knowing: TypeORM passes over what a rollback fails with.
    if (!traits.undoes) this.assertOwn(binding);
    assertSendable(statement.text, traits, this.server, binding);
    const answer = this.holdOrDrop(traits);
    if (answer) {
      process.nextTick(callback, null, { command: answer, rowCount: null, oid: null, rows: [], fields: [] });
      return;
    }
    if (traits.travelsAlone || !this.isReady) this.sendHeldBegin(binding);
    this.residue ||= traits.leavesResidue;
    if (traits.changesTables) this.changes.note(binding.schema);
    this.send(new BoundQuery(this, binding, traits, statement, callback));
  }

  private submit<T extends PgSubmittable>(submittable: T): T {
    const binding = this.heldBinding();
    this.assertOwn(binding);
    if (submittable instanceof pg.Query) {
      throw new UnsupportedStatementError('Give query() the text and the values, not a Query object.');
    }
    const text = textOfSubmittable(submittable);
    const traits = text === undefined ? undefined : traitsOf(text);
    if (text !== undefined && traits) assertSendable(text, traits, this.server, binding);
    if (traits === undefined && binding.keepsRole) {
      throw new UnsupportedStatementError("What shows no text could leave the tenant's role.");
    }
    if (isCursor(submittable)) assertRows(traits);
    nameFailures(submittable, binding);
    keepContext(submittable);
    if (isCursor(submittable)) {
      endWithConnection(submittable);
      if (!this.isReady) this.sendHeldBegin(binding);
      bindCursor(submittable, this, binding, traits);
    } else {
      if (this.heldBegin !== undefined) this.sendHeldBegin(binding);
      else if (this.isIdle) throw outsideTransactionError();
      bindByTransaction(submittable, this);
    }
    // What is not known may leave anything.
    this.residue ||= traits?.leavesResidue ?? true;
    return this.send(submittable) as T;
  }

  private send(submittable: PgSubmittable): unknown {
    this.statementCount += 1;
    return super.query(submittable as never);
  }

  /**
   * Holds a BEGIN, and the modes it is given, back for the first statement of its transaction; a transaction that ends
   * without one is never sent at all. Returns what such a statement is answered with; `undefined` for what has to be sent.
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

  /** For what cannot take it along, or waits: what is asked for meanwhile must find the transaction begun. */
  private sendHeldBegin(binding: TenantBinding): void {
    const begin = this.heldBegin;
    if (begin === undefined) return;
    this.heldBegin = undefined;
    // It cannot fail but with the connection, and then what comes after it fails too.
    this.send(new BoundQuery(this, binding, traitsOf(begin), statementOf(begin, undefined), () => undefined));
  }

  /** The binding. Throws where nobody may use this connection. */
  private heldBinding(): TenantBinding {
    const { binding } = this;
    if (this.violation) throw this.violation;
    if (!binding) {
      throw new TenantContextMissingError('The connection was given back; it is bound to no tenant any more.');
    }
    return binding;
  }

  /** Throws where the running code is not the one that this connection is bound to. */
  private assertOwn(binding: TenantBinding): void {
    const current = this.bindings.of(currentScope());
    if (current !== binding && current.key !== binding.key) throw new TenantMismatchError(binding.key, current.key);
  }

  /** Whether the server says that no transaction is open. `null`: a new connection, which has sent nothing yet. */
  get isIdle(): boolean {
    const status = this.state.getTransactionStatus();
    return status === 'I' || status === null;
  }

  get holdsBegin(): boolean {
    return this.heldBegin !== undefined && this.isIdle;
  }

  /** The binding is that of the asking, not of the sending: a statement may wait while the connection is given back. */
  takePrefix({ messages, searchPath }: TenantBinding): StatementPrefix | undefined {
    if (!this.isIdle) return undefined;
    const begin = this.heldBegin;
    this.heldBegin = undefined;
    this.reports.expected = searchPath;
    return { messages, begin };
  }

  withPrefix(prefix: StatementPrefix | undefined, own: readonly Uint8Array[]): Uint8Array {
    const closing = this.statements?.takeClosing();
    const parts = closing ? [closing] : [];
    if (prefix?.begin !== undefined) parts.push(beginMessages(prefix.begin));
    if (prefix) parts.push(this.messagesNow(prefix));
    return Buffer.concat([...parts, ...own]);
  }

  preparedOf({ key, schema }: TenantBinding, { isPreparable, id }: StatementTraits): PreparedStatement | undefined {
    if (!this.statements || !isPreparable || !this.canPrepare) return undefined;
    // By the key: whether a schema may be used is only asked while a statement is parsed, and the owner may use others.
    return this.statements.use(`${key} ${this.changes.of(schema)} ${id}`);
  }

  forget(prepared: PreparedStatement): void {
    this.statements?.drop(prepared);
  }

  retry(query: BoundQuery): void {
    this.state._queryQueue.unshift(query);
  }

  private messagesNow({ messages }: StatementPrefix): Buffer {
    if (!this.canPrepare) return messages.unnamed;
    if (this.hasPrepared) return messages.prepared;
    this.hasPrepared = true;
    return messages.preparing;
  }

  /** What leaves something may be DEALLOCATE ALL; the connection is cleared before the next one has it. */
  private get canPrepare(): boolean {
    return this.server.isDirect && !this.residue;
  }

  private contradicted(violation: IsolationViolationError): void {
    this.broken = true;
    this.violation = violation;
    const active = this.state._activeQuery;
    if (active instanceof BoundQuery) active.refuse(violation);
    this.onViolation?.(violation);
  }

  /** Whether what is asked for is sent at once. */
  private get isReady(): boolean {
    return this.state.readyForQuery === true;
  }

  private get state(): PgClientState {
    return this as unknown as PgClientState;
  }
}
