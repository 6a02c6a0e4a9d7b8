import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export interface Proxy {
  /** The url of the server, by way of the proxy. */
  readonly url: string;
  /** Lets requests to cancel a statement arrive so many milliseconds later. */
  delayCancellations(milliseconds: number): void;
  /** Whether nothing that is sent arrives, in either direction, while every connection stays open. */
  swallow(isSwallowing: boolean): void;
  close(): Promise<void>;
}

const CANCEL_REQUEST = 80_877_102;

/** A network that can be slow or silent, in front of a database server. */
export async function startProxy(serverUrl: string): Promise<Proxy> {
  const url = new URL(serverUrl);
  const [host, port] = [url.hostname, Number(url.port || 5432)];
  let delay = 0;
  let isSwallowing = false;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, host);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      open.add(one);
      one.on('error', () => other.destroy()).on('close', () => (open.delete(one), other.destroy()));
    }
    client.on('data', (data) => {
      if (isSwallowing) return;
      const isCancel = data.length === 16 && data.readInt32BE(4) === CANCEL_REQUEST;
      if (isCancel) setTimeout(() => upstream.write(data), delay);
      else upstream.write(data);
    });
    upstream.on('data', (data) => void (isSwallowing || client.write(data)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    delayCancellations: (milliseconds) => (delay = milliseconds),
    swallow: (should) => (isSwallowing = should),
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
