// What this folder uses of pg beyond its published types: the messages of COPY. All of it has been there, unchanged, since
// pg 8.0.

interface CopyStream {
  readonly writableNeedDrain: boolean;
  readonly destroyed: boolean;
  pause(): unknown;
  resume(): unknown;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** pg's connection, as far as a COPY needs it. */
export interface CopyConnection {
  readonly stream: CopyStream;
  query(text: string): void;
  sendCopyFromChunk(block: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(reason: string): void;
}

/** So much is collected before it is passed on: a row at a time would be a call of the system for each. */
const BLOCK = 64 * 1024;

/** The greatest timer of Node: an application's own `query_timeout` is for queries, and a copy takes as long as it takes. */
const NO_TIMEOUT = 2 ** 31 - 1;

abstract class Copy {
  readonly query_timeout = NO_TIMEOUT;
  /** How many rows it was. */
  readonly done: Promise<number>;
  error: Error | undefined;
  /** Where pg puts what ends the timer of `query_timeout`, which would else keep the process alive. */
  callback: ((error?: Error) => void) | undefined;
  protected resolve!: (rows: number) => void;
  protected reject!: (error: Error) => void;
  private rows = 0;

  constructor(readonly text: string) {
    this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    // Whoever sent it waits for it at the end only.
    this.done.catch(() => undefined);
  }

  submit(connection: CopyConnection): void {
    connection.query(this.text);
  }

  handleRowDescription(): void {}

  handleDataRow(): void {}

  handleCommandComplete({ text = '' }: { readonly text?: string }): void {
    this.rows = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.callback?.();
    this.resolve(this.rows);
  }

  handleError(error: Error): void {
    this.callback?.(error);
    this.error ??= error;
    this.reject(error);
  }
}

/** COPY … TO STDOUT. */
export class CopyOut extends Copy {
  private block = Buffer.allocUnsafe(BLOCK);
  private used = 0;
  private connection: CopyConnection | undefined;

  constructor(
    text: string,
    private readonly onBlock: (block: Buffer, connection: CopyConnection) => void,
  ) {
    super(text);
  }

  handleCopyData({ chunk }: { readonly chunk: Buffer }, connection: CopyConnection): void {
    this.connection = connection;
    if (this.used + chunk.length > BLOCK) this.flush();
    // pg reads the next message into the same memory, so it has to be copied.
    if (chunk.length > BLOCK) return this.onBlock(Buffer.from(chunk), connection);
    chunk.copy(this.block, this.used);
    this.used += chunk.length;
  }

  override handleCommandComplete(message: { readonly text?: string }): void {
    super.handleCommandComplete(message);
    this.flush();
  }

  private flush(): void {
    if (this.used === 0) return;
    const block = this.block.subarray(0, this.used);
    this.block = Buffer.allocUnsafe(BLOCK);
    this.used = 0;
    this.onBlock(block, this.connection!);
  }
}

/** COPY … FROM STDIN. */
export class CopyIn extends Copy {
  /** The server takes rows from now on. */
  readonly ready: Promise<void>;
  private readonly isReady!: () => void;
  private connection: CopyConnection | undefined;

  constructor(text: string) {
    super(text);
    this.ready = new Promise((resolve, reject) => {
      Object.assign(this, { isReady: resolve });
      this.done.catch(reject);
    });
    this.ready.catch(() => undefined);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    this.connection = connection;
    this.isReady();
  }

  /** Sends a block. Where the socket is full, says when it is not any more. */
  write(block: Buffer): Promise<void> | undefined {
    if (this.error) throw this.error;
    const { stream } = this.connection!;
    this.connection!.sendCopyFromChunk(block);
    if (!stream.writableNeedDrain || stream.destroyed) return undefined;
    return new Promise((resolve) => {
      const done = (): void => {
        stream.off('drain', done);
        stream.off('close', done);
        resolve();
      };
      stream.once('drain', done);
      stream.once('close', done);
    });
  }

  /** All rows were sent. */
  async end(): Promise<number> {
    if (!this.error) this.connection!.endCopyFrom();
    return this.done;
  }

  /** No more rows come, and none of them are to be kept. */
  async fail(reason: string): Promise<void> {
    if (this.connection && !this.error) this.connection.sendCopyFail(reason);
    await this.done.catch(() => undefined);
  }
}
