import { connect } from 'node:net';

const NO_ANSWER_MS = 5_000;

/** Sends requests as bytes, one after the other, and connects anew where the server has hung up. */
export class RawConnection {
  constructor(port) {
    this.port = port;
  }

  /**
   * Sends a request and answers its response: the status, the head without its date, the body. `status: 0` where the
   * server hung up without one.
   */
  async send(bytes) {
    const socket = this.socket ?? (await this.open());
    return new Promise((resolve) => {
      let received = Buffer.alloc(0);
      const end = (answer) => {
        clearTimeout(timer);
        socket.off('data', onData);
        socket.off('close', onClose);
        // Whoever sends a fault is hung up on: nothing that is left of it may be taken for the next request.
        if (answer.status === 0 || answer.status === 400 || /^connection: close/im.test(answer.head)) this.close();
        resolve(answer);
      };
      const onData = (chunk) => {
        received = Buffer.concat([received, chunk]);
        const answer = parsed(received);
        if (answer) end(answer);
      };
      const onClose = () => end({ status: 0, head: '', body: received.toString('latin1') });
      const timer = setTimeout(() => end({ status: 0, head: '', body: 'no answer' }), NO_ANSWER_MS);
      socket.on('data', onData);
      socket.on('close', onClose);
      socket.write(bytes);
    });
  }

  close() {
    this.socket?.destroy();
    this.socket = undefined;
  }

  async open() {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (this.socket === socket) this.socket = undefined;
    });
    this.socket = socket;
    return socket;
  }
}

/** A request as it is written on the wire. */
export function requestBytes(target, lines = [], method = 'GET') {
  const encode = (part) => (Buffer.isBuffer(part) ? part : Buffer.from(part, 'utf8'));
  const parts = [`${method} `, target, ' HTTP/1.1\r\n', ...lines.flatMap((line) => [line, '\r\n']), '\r\n'];
  return Buffer.concat(parts.map(encode));
}

/** The parts of a response that has come whole. */
function parsed(received) {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return undefined;
  const whole = received.subarray(0, headEnd).toString('latin1');
  const length = Number(/^content-length: (\d+)/im.exec(whole)?.[1] ?? 0);
  if (received.length < headEnd + 4 + length) return undefined;
  return {
    status: Number(whole.split(' ')[1]),
    head: whole.replace(/^date: .*\r\n/im, ''),
    body: received.subarray(headEnd + 4, headEnd + 4 + length).toString('utf8'),
  };
}

/** Does work for all items, so many at once. */
export async function inParallel(items, atOnce, work) {
  const iterator = items[Symbol.iterator]();
  const workers = Array.from({ length: atOnce }, async (_, worker) => {
    for (let next = iterator.next(); !next.done; next = iterator.next()) await work(next.value, worker);
  });
  await Promise.all(workers);
}
