import { serialize } from 'pg-protocol';
import type { PgConnection } from './pg-internals.js';

const SET_SEARCH_PATH = "SELECT set_config('search_path', $1, true)";
const NAME = 'nestjs_tenancy_search_path';
const EXECUTE = bytes(serialize.execute({ portal: '', rows: 0 }));
const PARSE_NAMED = bytes(serialize.parse({ text: SET_SEARCH_PATH, name: NAME, types: [] }));
const PARSE_UNNAMED = bytes(serialize.parse({ text: SET_SEARCH_PATH, name: '', types: [] }));

/** The messages that bind a statement to a search_path: the same for all statements, so they are made once. */
export class SearchPathMessages {
  readonly unnamed: Buffer;
  /** Of a statement that the connection has prepared. */
  readonly prepared: Buffer;
  /** The same, which prepares it first. */
  readonly preparing: Buffer;

  constructor(readonly searchPath: string) {
    this.unnamed = Buffer.concat([PARSE_UNNAMED, bind('', [searchPath]), EXECUTE]);
    this.prepared = Buffer.concat([bind(NAME, [searchPath]), EXECUTE]);
    this.preparing = Buffer.concat([PARSE_NAMED, this.prepared]);
  }
}

/**
 * What goes before a statement, in the same message group: the tenant's search_path, until the end of the transaction,
 * and the BEGIN that was held back for it.
 */
export class StatementPrefix {
  constructor(
    private readonly searchPath: string,
    /** Asked for once they are sent: the first ones prepare what the next ones use. */
    private readonly messages: () => Buffer,
    private readonly begin?: string,
  ) {}

  /** How many of the server's answers are the prefix's own. */
  get answers(): number {
    return this.begin === undefined ? 1 : 2;
  }

  /** Whether a transaction begins with it. */
  get begins(): boolean {
    return this.begin !== undefined;
  }

  /**
   * For a simple query: all its statements, up to a COMMIT among them, are one implicit transaction. A BEGIN is not among
   * them: such a text is parsed whole before any of it runs, and an error in the statement would take the BEGIN along.
   */
  get sql(): string {
    return `SET LOCAL search_path TO ${this.searchPath}; `;
  }

  /** For the extended protocol: what is executed before the next Sync is one implicit transaction. */
  send(connection: PgConnection): void {
    const { begin } = this;
    const messages = this.messages();
    connection.stream.write(begin === undefined ? messages : Buffer.concat([beginMessages(begin), messages]));
  }
}

function beginMessages(begin: string): Buffer {
  return Buffer.concat([bytes(serialize.parse({ text: begin, name: '', types: [] })), bind('', []), EXECUTE]);
}

function bind(statement: string, values: string[]): Buffer {
  return bytes(serialize.bind({ portal: '', statement, values, valueMapper: (value: string) => value }));
}

/** A copy: what the serializer hands out is written over by the next message. */
function bytes(message: Uint8Array): Buffer {
  return Buffer.from(message);
}
