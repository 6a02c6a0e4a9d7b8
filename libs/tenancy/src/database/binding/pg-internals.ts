import type pg from 'pg';

// What this folder uses of pg beyond its published types: the messages a query sends and is handed. All of it has been
// there, unchanged, since pg 8.0.

export interface PgConnection {
  readonly stream: { write(messages: Uint8Array): boolean; destroy(): void };
  parsedStatements: Record<string, string>;
  sendCopyFail(reason: string): void;
  sync(): void;
  on(event: 'parameterStatus', listener: (message: PgParameterStatus) => void): this;
  on(event: 'errorMessage', listener: (message: { readonly code?: string }) => void): this;
  prependListener(event: 'readyForQuery', listener: (message: { readonly status: PgTransactionStatus }) => void): this;
}

export interface PgParameterStatus {
  readonly parameterName: string;
  readonly parameterValue: string;
}

/** `I` idle, `T` in a transaction, `E` in a failed one. */
export type PgTransactionStatus = 'I' | 'T' | 'E';

export interface PgMessage {
  readonly text?: string;
}

export interface PgRowDescription {
  readonly fields: pg.FieldDef[];
}

export interface PgDataRow {
  readonly fields: ReadonlyArray<string | Buffer | null>;
}

/** What pg's client hands to the query that is being answered. */
export interface PgSubmittable {
  submit(connection: PgConnection): Error | null | void;
  handleRowDescription(message: PgRowDescription): void;
  handleDataRow(message: PgDataRow): void;
  handleCommandComplete(message: PgMessage, connection: PgConnection): void;
  handleReadyForQuery(connection: PgConnection): void;
  handleError(error: Error, connection: PgConnection): void;
}

/** How values are read that are not read as all others of their type: by the number of the type. */
export interface TypeOverrides {
  text: Readonly<Record<number, unknown>>;
  binary: Readonly<Record<number, unknown>>;
}

/** The members of pg's client that tell what it is doing. */
export interface PgClientState {
  readonly connection: PgConnection;
  readonly _types: TypeOverrides;
  readonly readyForQuery?: boolean;
  /** Whether it was told to end, or has lost its server. */
  readonly _ending: boolean;
  readonly _queryable: boolean;
  /** The server process that pg was told of: a pooler tells it another one than the one that answers. */
  readonly processID: number | null;
  readonly secretKey: number | null;
  readonly ssl: boolean | object;
  readonly sslNegotiation: string;
  readonly _activeQuery: unknown;
  /** What was asked for and not sent yet. */
  readonly _queryQueue: PgSubmittable[];
  getTransactionStatus(): PgTransactionStatus | null;
}
