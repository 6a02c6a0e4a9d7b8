import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/**
 * A connection that breaks once more has come by it than it may bring, and hands none of what is too much on. A stream
 * around the socket, and not a listener on it: whatever encrypts the socket itself reads past its listeners.
 */
export class BoundedConnection extends Duplex {
  /** @param maxBytes of all that comes, as it comes: what is decrypted from it is less. */
  constructor(
    private readonly socket: Socket,
    maxBytes: number,
  ) {
    super();
    // For good: one that breaks before its user listens must not end the process.
    this.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      if (socket.bytesRead > maxBytes) this.destroy(new Error(`More than ${maxBytes} bytes came.`));
      else if (!this.push(chunk)) socket.pause();
    });
    socket.on('timeout', () => this.emit('timeout'));
    socket.once('end', () => this.push(null));
    socket.once('error', (error) => this.destroy(error));
    socket.once('close', () => this.destroy());
    socket.pause();
  }

  setTimeout(milliseconds: number): this {
    this.socket.setTimeout(milliseconds);
    return this;
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }
}
