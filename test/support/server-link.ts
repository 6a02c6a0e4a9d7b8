import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

// The end of an answer, with no transaction open.
const READY_FOR_QUERY = Buffer.from('Z\0\0\0\u0005I', 'latin1');
// What a connection begins with that asks to cancel the statement of another one.
const CANCEL_REQUEST = Buffer.from([0, 0, 0, 16, 0x04, 0xd2, 0x16, 0x2e]);

/** A way to the database server that fails when it is told to, for one test alone. */
export interface ServerLink {
  /** The same database, by this way. */
  readonly url: string;
  /** How often somebody asked to cancel a statement. */
  readonly cancelRequests: number;
  /** Ends all connections and refuses new ones, as a server does that is down. */
  cut(): Promise<void>;
  /** Passes nothing on, either way, as a machine does that hangs. */
  stall(): void;
  /** Passes no request to cancel on until it is restored. Resolves when there is one. */
  holdCancelRequest(): Promise<void>;
  /**
   * Holds back the end of the next answer until the server ends that connection, and hands on both together. Resolves
   * when there is something to hold back.
   */
  holdAnswerUntilEnd(): Promise<void>;
  /** Takes back what was done to it. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function openServerLink(databaseUrl: string): Promise<ServerLink> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const heldRequests: Array<() => void> = [];
  let cancelRequests = 0;
  let isStalled = false;
  let onCancelRequest: (() => void) | undefined;
  let onHeldAnswer: (() => void) | undefined;

  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    let answer: Buffer[] | undefined;
    upstream.on('data', (data) => {
      if (onHeldAnswer && data.subarray(-READY_FOR_QUERY.length).equals(READY_FOR_QUERY)) {
        answer = [];
        onHeldAnswer();
        onHeldAnswer = undefined;
      }
      if (answer) answer.push(data);
      else client.write(data);
    });
    upstream.on('end', () => client.end(Buffer.concat(answer ?? [])));
    client.on('data', (data) => {
      const isCancelRequest = data.subarray(0, CANCEL_REQUEST.length).equals(CANCEL_REQUEST);
      if (isCancelRequest) cancelRequests += 1;
      if (isCancelRequest && onCancelRequest) {
        heldRequests.push(() => upstream.write(data));
        onCancelRequest();
      } else upstream.write(data);
    });
    client.on('end', () => upstream.end());
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      if (isStalled) socket.pause();
      socket.on('error', () => other.destroy());
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('close', () => upstream.destroy());
  });
  const listen = async (port: number) => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const cut = async () => {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  };
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${port}` }).href,
    get cancelRequests() {
      return cancelRequests;
    },
    cut,
    stall: () => {
      isStalled = true;
      for (const socket of sockets) socket.pause();
    },
    holdCancelRequest: () => new Promise((resolve) => (onCancelRequest = resolve)),
    holdAnswerUntilEnd: () => new Promise((resolve) => (onHeldAnswer = resolve)),
    restore: async () => {
      isStalled = false;
      onCancelRequest = undefined;
      for (const pass of heldRequests.splice(0)) pass();
      for (const socket of sockets) socket.resume();
      if (!server.listening) await listen(port);
    },
    close: cut,
  };
}
