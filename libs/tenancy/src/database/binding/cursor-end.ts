import { bindToContext } from './bind-to-context.js';
import type { PgSubmittable } from './pg-internals.js';

type Done = (error?: Error | null) => void;

/** What pg-cursor has beyond its published types, as far as its end goes. */
interface PgCursor {
  readonly connection: {
    readonly stream: { readonly closed: boolean };
    once(event: 'end', listener: Done): unknown;
    off(event: 'end', listener: Done): unknown;
  } | null;
  readonly state: string;
  /** Whoever waits for rows. */
  _cb: Done | null;
  close(done: Done): unknown;
}

/**
 * Lets a cursor, or the one of a stream, come to an end when its server process dies; whoever reads it would wait for
 * ever. pg-cursor ignores an error between the last row and the end of the statement, and waits for an answer to its
 * close() that nobody is there to give.
 */
export function endWithConnection(submittable: PgSubmittable): void {
  const { cursor = submittable as unknown as PgCursor } = submittable as { cursor?: PgCursor };
  const { close } = cursor;
  const { handleError } = submittable;
  submittable.handleError = (error, connection) => {
    const reader = cursor._cb;
    if (cursor.state !== 'done' || !reader) return handleError.call(submittable, error, connection);
    cursor._cb = null;
    reader(error);
  };
  cursor.close = (done?: Done) => {
    if (!done) {
      return new Promise<void>((resolve, reject) => cursor.close((error) => (error ? reject(error) : resolve())));
    }
    const { connection } = cursor;
    if (!connection || connection.stream.closed) return setImmediate(done);
    const closed = bindToContext((error?: Error | null) => {
      connection.off('end', closed);
      done(error);
    });
    connection.once('end', closed);
    close.call(cursor, closed);
  };
}
