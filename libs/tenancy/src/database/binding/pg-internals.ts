import pg from 'pg';

// What this folder uses of pg beyond its published types: the messages a query sends and is handed. All of it has been
// there, unchanged, since pg 8.0.

export interface PgConnection {
  readonly stream: { write(messages: Uint8Array): boolean };
  parsedStatements: Record<string, string>;
}

export interface PgMessage {
  readonly text?: string;
}

/** What pg's client hands to the query that is being answered. */
export interface PgSubmittable {
  submit(connection: PgConnection): Error | null | void;
  handleDataRow(message: PgMessage): void;
  handleCommandComplete(message: PgMessage, connection: PgConnection): void;
}

/** pg's own query, with the members that a subclass may override. */
export interface PgQuery extends PgSubmittable {
  text: string;
  callback?: (error: Error | undefined | null, result?: unknown) => void;
  query_timeout?: number;
  queryMode?: string;
  requiresPreparation(): boolean;
  prepare(connection: PgConnection): void;
  handleError(error: Error, connection: PgConnection): void;
}

export const PgQueryBase = pg.Query as unknown as new (
  config: unknown,
  values?: unknown,
  callback?: unknown,
) => PgQuery;

/** The members of pg's client that tell what it is doing. */
export interface PgClientState {
  readonly connection: PgConnection;
  readonly readyForQuery?: boolean;
  /** The server process that pg was told of: a pooler tells it another one than the one that answers. */
  readonly processID: number | null;
  /** What was asked for and not sent yet. */
  readonly _queryQueue: readonly unknown[];
  /** `I` idle, `T` in a transaction, `E` in a failed one. */
  getTransactionStatus(): 'I' | 'T' | 'E' | null;
}
