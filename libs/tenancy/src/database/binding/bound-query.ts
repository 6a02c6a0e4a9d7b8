import { serialize } from 'pg-protocol';
import { TransactionAbortedError } from '../../tenancy.errors.js';
import { apart } from './apart.js';
import { mayCommit, mayCommitError } from './may-commit.js';
import { explainNoTransaction } from './no-transaction.js';
import type { PgConnection, PgDataRow, PgMessage, PgRowDescription, PgSubmittable } from './pg-internals.js';
import type { PreparedStatement } from './prepared-statements.js';
import type { Callback, Statement } from './query-arguments.js';
import { readsValues } from './query-arguments.js';
import { ResultReader } from './result-reader.js';
import type { StatementPrefix } from './statement-prefix.js';
import { existsMessages, existsSql } from './statement-prefix.js';
import { extendedMessages } from './statement-messages.js';
import { named } from './named-failure.js';
import type { StatementSender } from './statement-sender.js';
import type { StatementTraits } from './statement-traits.js';
import type { TenantBinding } from './tenant-binding.js';

type PgError = Error & { code?: string; position?: string; routine?: string };

/**
 * A statement that takes its tenant along. What it must carry is decided when it is sent, not when it is asked for:
 * only then is it certain whether a transaction is open.
 *
 * What it carries goes before its own messages, and one Sync ends both: one round trip, one implicit transaction, and
 * nothing of it is left. Without parameters both stand in one simple query, which is one implicit transaction too.
 */
export class BoundQuery implements PgSubmittable {
  private readonly isExtended: boolean;
  private answersToSkip = 0;
  private prefixLength = 0;
  /** Whether it is a transaction of its own: of one that failed, nothing has happened. */
  private isAlone = false;
  private prepared: PreparedStatement | undefined;
  private reader: ResultReader;
  private failure: Error | undefined;
  private isRetry = false;
  /** Whether it was sent with a Sync, rather than as a simple query. */
  private hasSynced = false;

  constructor(
    private readonly sender: StatementSender,
    private readonly binding: TenantBinding,
    private readonly traits: StatementTraits,
    private readonly statement: Statement,
    /** pg puts its own round it where a statement has a time limit. */
    public callback: Callback,
  ) {
    this.isExtended = statement.queryMode === 'extended' || statement.values.length > 0;
    this.reader = this.newReader();
  }

  get query_timeout(): number | undefined {
    return this.statement.query_timeout;
  }

  submit(connection: PgConnection): Error | null {
    try {
      return this.send(connection);
    } catch (error) {
      return error as Error;
    }
  }

  private send(connection: PgConnection): Error | null {
    const { sender, binding, traits, statement } = this;
    this.prepared = this.mayPrepare ? sender.preparedOf(binding, traits) : undefined;
    // With a BEGIN its messages are sent one by one, so that an error in the statement leaves the BEGIN as it is.
    const isExtended = this.isExtended || sender.holdsBegin;
    // Made before the prefix is taken: what cannot be written must leave the BEGIN where it is.
    const own = isExtended ? extendedMessages(statement, this.prepared) : undefined;
    const prefix = sender.takePrefix(binding);
    this.isAlone = prefix !== undefined && prefix.begin === undefined;
    if (this.isAlone && mayCommit(traits, isExtended)) return mayCommitError();
    if (traits.createsObjects) this.answersToSkip = 1;
    if (!own) {
      connection.stream.write(this.simpleMessages(prefix));
      return null;
    }
    this.hasSynced = true;
    if (prefix) this.answersToSkip += prefix.begin === undefined ? 1 : 2;
    if (traits.createsObjects) own.unshift(existsMessages(binding.schema));
    if (this.prepared?.fields) this.reader.describe(this.prepared.fields.slice());
    connection.stream.write(sender.withPrefix(prefix, own));
    return null;
  }

  /** What was prepared is asked for as it was the first time: in text, with parameters of the same types. */
  private get mayPrepare(): boolean {
    const { binary, types } = this.statement;
    return this.isExtended && !this.isRetry && !binary && (!types || readsValues(types));
  }

  private simpleMessages(prefix: StatementPrefix | undefined): Uint8Array {
    const { binding, statement, traits } = this;
    const sql = (prefix ? prefix.messages.sql : '') + (traits.createsObjects ? existsSql(binding.schema) : '');
    if (prefix) this.answersToSkip += prefix.messages.sqlAnswers;
    this.prefixLength = sql.length;
    return serialize.query(sql + statement.text);
  }

  handleRowDescription({ fields }: PgRowDescription): void {
    if (this.answersToSkip > 0) return;
    if (this.prepared) this.prepared.fields = fields;
    this.reader.describe(fields);
  }

  handleDataRow(row: PgDataRow): void {
    if (this.answersToSkip > 0 || this.failure) return;
    try {
      this.reader.row(row);
    } catch (error) {
      // Of a parser of the application's own. The other rows still have to be read off the connection.
      this.failure = error as Error;
    }
  }

  handleCommandComplete(message: PgMessage): void {
    if (this.answersToSkip > 0) {
      this.answersToSkip -= 1;
      return;
    }
    // PostgreSQL ends a failed transaction with ROLLBACK, and reports no error: what was written is gone.
    if (this.traits.end === 'COMMIT' && message.text === 'ROLLBACK') this.failure = new TransactionAbortedError();
    if (this.prepared) {
      this.prepared.isParsed = true;
      this.prepared.fields ??= [];
    }
    this.reader.complete(message);
  }

  handleError(error: PgError): void {
    const { prepared } = this;
    if (prepared) this.sender.forget(prepared);
    // What binds it may be lost too: then none of it has run.
    if (this.isAlone && !this.isRetry && (prepared || this.answersToSkip > 0) && isStale(error)) {
      this.startAgain();
      return;
    }
    const position = Number(error.position);
    if (this.prefixLength > 0 && position > this.prefixLength) error.position = String(position - this.prefixLength);
    explainNoTransaction(error);
    apart(() => this.callback(this.failure ?? named(error, this.binding)));
  }

  handleReadyForQuery(): void {
    apart(() => (this.failure ? this.callback(this.failure) : this.callback(null, this.reader.value)));
  }

  handleEmptyQuery(): void {}

  handlePortalSuspended(): void {}

  handleCopyInResponse(connection: PgConnection): void {
    connection.sendCopyFail('No source stream defined');
    // The Sync that ended its group has come within the COPY, where the server passes it over.
    if (this.hasSynced) connection.sync();
  }

  handleCopyData(): void {}

  /** Answers with an error, whatever the server says. */
  refuse(error: Error): void {
    this.failure = error;
  }

  /** Once more, without a name. */
  private startAgain(): void {
    this.isRetry = true;
    this.prepared = undefined;
    this.answersToSkip = 0;
    this.reader = this.newReader();
    this.sender.retry(this);
  }

  private newReader(): ResultReader {
    const { sender, traits, statement } = this;
    return new ResultReader(readsValues(statement.types) ? statement.types : sender, traits, statement.rowMode);
  }
}

/** The tables changed since it was prepared, or the server has forgotten it. */
function isStale({ code, message }: PgError): boolean {
  return code === '26000' || (code === '0A000' && message.includes('cached plan'));
}
