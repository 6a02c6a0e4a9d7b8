import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { TEST_CA, TEST_CERTIFICATE } from '../../../../../test/support/certificates.js';
import { TenantAddresses } from './tenant-addresses.js';

const running: Server[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen(server: Server, host = '127.0.0.1', port = 0): Promise<number> {
  running.push(server);
  server.on('connection', (socket: Socket) => sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  return (server.address() as AddressInfo).port;
}

const at =
  (...all: string[]) =>
  async () =>
    all.map((address) => ({ address, family: 4 }));
const options = { allow: ['127.0.0.0/8'], ca: TEST_CA, timeout: 300 };

describe('a server of a tenant', () => {
  it.each([
    ['101 and an upgrade', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['101 alone', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['200 and an upgrade', 'HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok'],
    ['100 for ever', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['103', 'HTTP/1.1 103 Early Hints\r\n\r\n'],
    ['two answers', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['rubbish after', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\0\0\0'],
    ['204 with body', 'HTTP/1.1 204 No\r\nContent-Length: 10\r\n\r\nxx'],
    ['0.9', 'hello'],
  ])('that answers with %s does not keep the request for ever', async (_what, answer) => {
    const port = await listen(createServer((socket) => socket.once('data', () => socket.write(answer))));
    const addresses = new TenantAddresses({ ...options, lookup: at('127.0.0.1') });
    const request = addresses.request(`http://hooks.acme.example:${port}/`, { method: 'POST', body: '{}' });

    const outcome = await Promise.race([
      request.then(
        () => 'answered',
        (error: { reason: string }) => `refused ${error.reason}`,
      ),
      new Promise((resolve) => setTimeout(resolve, 3_000, 'still waits, ten times the timeout')),
    ]);
    expect(outcome).not.toContain('still waits');
  });

  it('that answers as it should is read to its end, however its parts arrive', async () => {
    const part = 'x'.repeat(20_000);
    const server = createServer((socket) =>
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${2 * part.length}\r\n\r\n${part}`);
        setTimeout(() => socket.end(part), 5);
      }),
    );
    const port = await listen(server);
    const addresses = new TenantAddresses({ ...options, timeout: 3_000, lookup: at('127.0.0.1') });
    const url = `http://hooks.acme.example:${port}/`;

    const answers = await Promise.all(Array.from({ length: 100 }, () => addresses.request(url)));
    expect(answers.map(({ status, body }) => [status, body.length])).toEqual(answers.map(() => [200, 2 * part.length]));
  });

  // Elsewhere this machine has one address of its own only.
  it.skipIf(process.platform !== 'linux')(
    'is reached at its second address where the first one takes the connection and says nothing',
    async () => {
      const port = await listen(createTlsServer(TEST_CERTIFICATE, (socket) => socket.end('secure')));
      await listen(
        createServer(() => undefined),
        '127.0.0.2',
        port,
      );
      const addresses = new TenantAddresses({ ...options, timeout: 3_000, lookup: at('127.0.0.2', '127.0.0.1') });

      const socket = await addresses.connect({ host: 'mail.acme.example', port, tls: true });
      sockets.push(socket);
      expect(socket.remoteAddress).toBe('127.0.0.1');
    },
  );
});
