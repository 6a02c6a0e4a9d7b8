import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export type Change = (text: string) => string;

export interface ByteProxy {
  /** The same database, through the proxy. */
  readonly url: string;
  close(): Promise<void>;
}

/** Stands before a database and changes what is said, byte for byte: a change must keep the length. */
export async function startByteProxy(
  databaseUrl: string,
  { toServer = (text) => text, toClient = (text) => text }: { toServer?: Change; toClient?: Change },
): Promise<ByteProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port || 5432), hostname);
    for (const socket of [client, upstream]) open.add(socket.on('close', () => open.delete(socket)));
    // Either end may leave at any time.
    pipeline(client, changing(toServer), upstream).catch(() => undefined);
    pipeline(upstream, changing(toClient), client).catch(() => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: Object.assign(new URL(databaseUrl), { host: `127.0.0.1:${(server.address() as AddressInfo).port}` }).href,
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function changing(change: Change): Transform {
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      const changed = Buffer.from(change(chunk.toString('latin1')), 'latin1');
      done(changed.length === chunk.length ? null : new Error('The change does not keep the length.'), changed);
    },
  });
}
