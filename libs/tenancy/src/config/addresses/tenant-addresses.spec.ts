import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { createServer as createTlsServer } from 'node:tls';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { TEST_CA, TEST_CERTIFICATE } from '../../../../../test/support/certificates.js';
import { TenantAddressError } from '../../tenancy.errors.js';
import type { TenantAddressesOptions } from './tenant-addresses.js';
import { TenantAddresses } from './tenant-addresses.js';

const CANARY = 'canary of the upstream';
const running: Server[] = [];
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await Promise.all(running.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

async function listen<S extends Server>(server: S): Promise<number> {
  running.push(server);
  server.on('connection', (socket: Socket) => sockets.push(socket));
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Names that lead where the test says: an answer for each time that one is asked for, the last one from then on. */
function addressesWith(answers: readonly string[][], options: TenantAddressesOptions = {}) {
  const asked: string[] = [];
  const lookup = async (host: string) => {
    const answer = answers[Math.min(asked.push(host), answers.length) - 1];
    return answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  };
  return { asked, addresses: new TenantAddresses({ lookup, allow: ['127.0.0.0/8'], ca: TEST_CA, ...options }) };
}

async function refusalOf(work: Promise<unknown>): Promise<TenantAddressError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TenantAddressError);
  const { host } = error as TenantAddressError;
  // What the tenant has said itself may be repeated.
  const text = inspect(error, { depth: 10, showHidden: true }).replaceAll(host || CANARY, '');
  expect(text).not.toMatch(/canary|127\.0\.0|10\.0\.0/);
  return error as TenantAddressError;
}

describe('a host', () => {
  it.each<[string, string, string[]]>([
    ['an address inside', '127.0.0.1', []],
    ['an address of the cloud’s own', '169.254.169.254', []],
    ['a mapped address', '::ffff:10.0.0.1', []],
    ['a name for an address inside', 'mail.acme.example', ['10.0.0.1']],
    ['one of whose addresses is inside', 'mail.acme.example', ['8.8.8.8', '2606:4700::1', '10.0.0.1']],
    ['one of whose addresses is inside, first', 'mail.acme.example', ['::1', '8.8.8.8']],
    ['a name for nothing', 'mail.acme.example', []],
    ['a name with a line break', 'mail.acme.example\r\nRCPT TO:<a@b>', ['8.8.8.8']],
    ['a name with a zero', 'mail.acme.example\0.evil.test', ['8.8.8.8']],
    ['an address with a zone', 'fe80::1%eth0', ['8.8.8.8']],
    ['an address in brackets', '[::1]', ['8.8.8.8']],
    ['a path', 'mail.acme.example/x', ['8.8.8.8']],
    ['user information', 'a@mail.acme.example', ['8.8.8.8']],
    ['nothing', '', ['8.8.8.8']],
  ])('is refused: %s', async (_what, host, answer) => {
    const { addresses } = addressesWith([answer], { allow: [] });

    expect((await refusalOf(addresses.connect({ host, port: 25 }))).reason).toBe('ADDRESS_REFUSED');
    expect((await refusalOf(addresses.resolve(host))).reason).toBe('ADDRESS_REFUSED');
  });

  it.each(['localhost', '127.1', '0x7f000001', '2130706433', '0177.0.0.1', '0'])(
    'is refused however the system spells what is inside: %s',
    async (host) => {
      expect((await refusalOf(new TenantAddresses().connect({ host, port: 25 }))).reason).toBe('ADDRESS_REFUSED');
    },
  );

  it('does not tell a name that leads inside from one that is not there', async () => {
    const inside = await refusalOf(addressesWith([['10.0.0.1']], { allow: [] }).addresses.resolve('a.acme.example'));
    const failing = new TenantAddresses({ lookup: () => Promise.reject(new Error(`ENOTFOUND ${CANARY}`)) });

    expect(inspect(await refusalOf(failing.resolve('a.acme.example'))).split('\n')[0]).toBe(
      inspect(inside).split('\n')[0],
    );
  });

  it('is given up where nobody can say where it is', async () => {
    const hanging = new TenantAddresses({ lookup: () => new Promise(() => undefined), timeout: 50 });

    expect((await refusalOf(hanging.resolve('a.acme.example'))).reason).toBe('ADDRESS_REFUSED');
  });
});

describe('a connection', () => {
  it('is made to the address that was checked, which is asked for once', async () => {
    const port = await listen(createServer((socket) => socket.end('here')));
    const { addresses, asked } = addressesWith([['127.0.0.1'], ['203.0.113.1']]);

    const socket = await addresses.connect({ host: 'mail.acme.example', port });
    sockets.push(socket);
    const { remoteAddress } = socket;
    const [text] = (await socket.toArray()) as Buffer[];
    expect([String(text), remoteAddress, asked]).toEqual(['here', '127.0.0.1', ['mail.acme.example']]);
  });

  it('never follows a name that leads inside by the time it connects', async () => {
    let reached = 0;
    const port = await listen(createServer(() => (reached += 1)));
    // The first answer may be connected to, and nobody is there; the next one is ours.
    const { addresses, asked } = addressesWith([['203.0.113.1'], ['127.0.0.1']], {
      allow: ['203.0.113.0/24'],
      timeout: 300,
    });

    await refusalOf(addresses.connect({ host: 'mail.acme.example', port }));
    await refusalOf(addresses.request(`http://hooks.acme.example:${port}/`, { method: 'POST' }));
    expect([reached, asked.length]).toEqual([0, 2]);
  });

  it('goes to the next address where the first does not answer', async () => {
    const port = await listen(createServer((socket) => socket.end('here')));
    const { addresses } = addressesWith([['127.255.255.255', '127.0.0.1']], { timeout: 5_000 });

    sockets.push(await addresses.connect({ host: 'mail.acme.example', port }));
    expect(sockets.at(-1)!.remoteAddress).toBe('127.0.0.1');
  });

  it('that is refused is an error with Node’s code alone', async () => {
    const server = createServer();
    const port = await listen(server);
    running.splice(0);
    await new Promise((resolve) => server.close(resolve));

    expect(
      (await refusalOf(addressesWith([['127.0.0.1']]).addresses.connect({ host: 'a.acme.example', port }))).reason,
    ).toBe('ECONNREFUSED');
  });
});

describe('TLS', () => {
  const tlsServer = () => listen(createTlsServer(TEST_CERTIFICATE, (socket) => socket.end('secure')));

  it('verifies the name, and not the address', async () => {
    const port = await tlsServer();
    const { addresses } = addressesWith([['127.0.0.1']]);

    const socket = (await addresses.connect({ host: 'mail.acme.example', port, tls: true })) as TLSSocket;
    sockets.push(socket);
    expect([socket.authorized, socket.servername]).toEqual([true, 'mail.acme.example']);
  });

  it.each([
    ['another name’s certificate', 'mail.globex.example', 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['an address that no certificate is for', '127.0.0.1', 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('refuses %s', async (_what, host, reason) => {
    const { addresses } = addressesWith([['127.0.0.1']]);

    expect((await refusalOf(addresses.connect({ host, port: await tlsServer(), tls: true }))).reason).toBe(reason);
  });

  it('refuses a certificate of an authority that is not trusted', async () => {
    const { addresses } = addressesWith([['127.0.0.1']], { ca: undefined });
    const refused = addresses.connect({ host: 'mail.acme.example', port: await tlsServer(), tls: true });

    expect((await refusalOf(refused)).reason).toMatch(/^(?:UNABLE|SELF|DEPTH)/);
  });

  it('is given up where the server says nothing', async () => {
    const port = await listen(createServer(() => undefined));
    const { addresses } = addressesWith([['127.0.0.1']], { timeout: 50 });

    expect((await refusalOf(addresses.connect({ host: 'mail.acme.example', port, tls: true }))).reason).toBe(
      'ETIMEDOUT',
    );
  });
});

describe('a request', () => {
  const serve = (listener: (request: IncomingMessage, response: ServerResponse) => void) =>
    listen(createHttpServer(listener));

  it.each(['http', 'https'])('says what it was told to, to the host it names: %s', async (scheme) => {
    const seen: unknown[] = [];
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      request.setEncoding('utf8').on('data', (body) => {
        seen.push(request.method, request.url, request.headers.host, request.headers['x-event'], body);
        response.writeHead(202).end('taken');
      });
    };
    const port = await listen(
      scheme === 'http' ? createHttpServer(listener) : createHttpsServer(TEST_CERTIFICATE, listener),
    );
    const { addresses } = addressesWith([['127.0.0.1']]);

    const answer = await addresses.request(`${scheme}://hooks.acme.example:${port}/sent?id=1`, {
      method: 'POST',
      headers: { 'X-Event': 'sent' },
      body: '{"id":"ü"}',
    });
    expect(answer).toEqual({ status: 202, body: 'taken' });
    expect(seen).toEqual(['POST', '/sent?id=1', `hooks.acme.example:${port}`, 'sent', '{"id":"ü"}']);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect: %i', async (status) => {
    let reached = 0;
    const inside = await serve((_request, response) => response.end(String((reached += 1))));
    const port = await serve((_request, response) =>
      response.writeHead(status, { location: `http://127.0.0.1:${inside}/` }).end(),
    );
    const { addresses } = addressesWith([['127.0.0.1']]);

    expect(await addresses.request(`http://hooks.acme.example:${port}/`)).toEqual({ status, body: '' });
    expect(reached).toBe(0);
  });

  it.each<[string, Record<string, string>]>([
    ['a line break in a value', { 'X-Event': 'a\r\nX-Admin: 1' }],
    ['a line feed in a value', { 'X-Event': 'a\nX-Admin: 1' }],
    ['a zero in a value', { 'X-Event': 'a\0' }],
    ['a line break in a name', { 'X-Event\r\nX-Admin': '1' }],
    ['a name that is none', { 'X Event': '1' }],
    ['another host', { Host: 'internal' }],
    ['another length', { 'content-length': '1' }],
    ['another framing', { 'Transfer-Encoding': 'chunked' }],
  ])('is refused before anybody is asked where it has %s', async (_what, headers) => {
    const { addresses, asked } = addressesWith([['127.0.0.1']]);

    expect((await refusalOf(addresses.request('http://hooks.acme.example/', { headers }))).reason).toBe(
      'HEADER_REFUSED',
    );
    expect(asked).toEqual([]);
  });

  it.each([
    '',
    'hooks.acme.example',
    'file:///etc/passwd',
    'gopher://hooks.acme.example/',
    'http://u:p@hooks.acme.example/',
  ])('is refused to what is no address of the web: "%s"', async (url) => {
    expect((await refusalOf(addressesWith([['127.0.0.1']]).addresses.request(url))).reason).toBe('URL_REFUSED');
  });

  it.each([
    'http://[::1]/',
    'http://[::ffff:7f00:1]/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://169.254.169.254/x',
  ])('is refused to what is inside, however it is written: %s', async (url) => {
    expect((await refusalOf(new TenantAddresses().request(url))).reason).toBe('ADDRESS_REFUSED');
  });

  it('tells nothing of an answer that is none', async () => {
    const port = await listen(createServer((socket) => socket.end(`HTTP/1.1 ${CANARY}\r\n\r\n`)));
    const { addresses } = addressesWith([['127.0.0.1']]);

    expect((await refusalOf(addresses.request(`http://hooks.acme.example:${port}/`))).reason).toMatch(/^HPE_/);
  });

  it('does not read an answer without end', async () => {
    const port = await serve((_request, response) => {
      const more = (): void =>
        void (response.write(CANARY.repeat(1_000)) ? setImmediate(more) : response.once('drain', more));
      response.on('error', () => undefined);
      more();
    });
    const { addresses } = addressesWith([['127.0.0.1']]);

    expect((await refusalOf(addresses.request(`http://hooks.acme.example:${port}/`))).reason).toBe('ANSWER_TOO_LARGE');
  });

  it('is given up where the answer does not come, or does not end', async () => {
    const silent = await serve(() => undefined);
    const half = await serve((_request, response) => response.writeHead(200).write(CANARY));
    const { addresses } = addressesWith([['127.0.0.1']], { timeout: 100 });

    for (const port of [silent, half]) await refusalOf(addresses.request(`http://hooks.acme.example:${port}/`));
  });
});
