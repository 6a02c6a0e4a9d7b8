import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_CA, TEST_CERTIFICATE } from '../../../../test/support/certificates.js';
import { BoundedConnection } from './bounded-connection.js';

const MAX = 10_000;
const SECURED = { ca: TEST_CA, servername: 'mail.acme.example' };

let server: ReturnType<typeof createServer>;
let accepted: Promise<Socket>;
beforeEach(async () => {
  server = createServer();
  accepted = new Promise((resolve) => server.once('connection', resolve));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

/** Both ends of a connection, over TLS where that is asked for. */
async function open(secure: boolean): Promise<{ ours: Duplex; theirs: Duplex }> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  const [ours, theirs] = [new BoundedConnection(socket, MAX), await accepted];
  theirs.on('error', () => undefined);
  if (!secure) return { ours, theirs };
  const secured = new TLSSocket(theirs, { isServer: true, ...TEST_CERTIFICATE });
  secured.on('error', () => undefined);
  return { ours: connectTls({ socket: ours, ...SECURED }), theirs: secured };
}

// Not once(): an error of it is no failure here.
const closed = (stream: Duplex) => new Promise((resolve) => stream.once('close', resolve));

describe.each([false, true])('a bounded connection, over TLS: %s', (secure) => {
  it('carries what it is given both ways, and ends', async () => {
    const { ours, theirs } = await open(secure);
    theirs.end('hello');
    ours.end('hello there');

    expect(await Promise.all([text(ours), text(theirs)])).toEqual(['hello', 'hello there']);
  });

  it.each([MAX + 1, 1_000_000])(
    'breaks where %d bytes come at once, and hands on no more than it may',
    async (size) => {
      const { ours, theirs } = await open(secure);
      let received = 0;
      ours.on('error', () => undefined).on('data', (chunk: Buffer) => (received += chunk.length));
      theirs.write(Buffer.alloc(size));
      await closed(ours);

      expect(received).toBeLessThanOrEqual(MAX);
      theirs.destroy();
    },
  );

  it('breaks with its socket, without ending the process', async () => {
    const { ours, theirs } = await open(secure);
    ours.on('error', () => undefined);
    (await accepted).resetAndDestroy();
    theirs.destroy();

    await closed(ours.resume());
    expect(ours.destroyed).toBe(true);
  });
});
