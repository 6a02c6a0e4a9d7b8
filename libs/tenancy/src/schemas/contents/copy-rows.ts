import type { CopyConnection } from './copy-protocol.js';
import { CopyIn, CopyOut } from './copy-protocol.js';

/** A connection that takes a COPY, within its own transaction and as whoever that is bound to. */
export interface CopyingSession {
  /** Sends it; what becomes of it, it says itself. */
  send(copy: CopyIn | CopyOut): void;
  /** Ends the statement that is at work. */
  cancel(): Promise<void>;
}

export interface CopiedRows {
  readonly rows: number;
  readonly bytes: number;
}

/** Whoever takes what a COPY … TO STDOUT gives. What he throws, or rejects with, ends it. */
export interface RowSink {
  /** Takes a block, which is his from now on. Whoever cannot take more for now says when he can. */
  write(block: Buffer): Promise<void> | undefined;
}

/** Reads what a COPY … TO STDOUT gives, block by block: no more is in memory than a block and what the sockets hold. */
export async function readRows(
  session: CopyingSession,
  sql: string,
  sink: RowSink,
  signal?: AbortSignal,
): Promise<CopiedRows> {
  let bytes = 0;
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    if (failure) return;
    failure = { error };
    // What the server has sent up to there is passed over. Where it cannot be told, the COPY runs to its end.
    session.cancel().catch(() => undefined);
  };
  const onAbort = (): void => fail(signal!.reason);
  const out = new CopyOut(sql, (block, connection) => {
    if (failure) return;
    bytes += block.length;
    try {
      const taken = sink.write(block);
      if (taken) wait(taken, connection, fail);
    } catch (error) {
      fail(error);
    }
  });
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    session.send(out);
    const rows = await out.done;
    if (failure) throw failure.error;
    return { rows, bytes };
  } catch (error) {
    throw failure ? failure.error : error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Copies rows from one connection to another, which are two servers' usually. Either end's failure ends both. */
export async function copyRows(
  from: CopyingSession,
  outSql: string,
  to: CopyingSession,
  inSql: string,
  signal?: AbortSignal,
): Promise<CopiedRows> {
  const copyIn = new CopyIn(inSql);
  to.send(copyIn);
  await copyIn.ready;
  try {
    const copied = await readRows(from, outSql, { write: (block) => copyIn.write(block) }, signal);
    const rows = await copyIn.end();
    // Both servers count; that they agree on the rows themselves is compared later.
    if (rows !== copied.rows) throw new Error(`${copied.rows} rows were sent and ${rows} arrived: ${inSql}`);
    return copied;
  } catch (error) {
    // The target's own failure comes first: what it says of the end that it is told is no reason.
    const own = copyIn.error;
    await copyIn.fail('The other end of the copy failed.');
    throw own ?? error;
  }
}

/** Lets the server send no more until the block is taken. */
function wait(taken: Promise<void>, { stream }: CopyConnection, fail: (error: unknown) => void): void {
  stream.pause();
  const goOn = (): void => {
    stream.resume();
  };
  taken.then(goOn, (error: unknown) => {
    goOn();
    fail(error);
  });
}
