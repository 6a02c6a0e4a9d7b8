import { randomBytes } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { inspect } from 'node:util';
import type { Message } from 'communication-schema';
import type { TenantConfig } from 'nestjs-tenancy';
import { Secret, TenantAddresses } from 'nestjs-tenancy';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TEST_CA, TEST_CERTIFICATE } from '../../../../test/support/certificates.js';
import type { Environment } from '../environment.js';
import type { Settings } from '../settings/settings.js';
import type { MailServer } from '../testing/mail-server.js';
import { startMailServer } from '../testing/mail-server.js';
import { EmailSender } from './email.sender.js';
import { SendError } from './message-sender.js';
import { tenantMailServer } from './tenant-mail-server.js';

const CANARY = `canary-${randomBytes(8).toString('hex')}`;
const message = { id: '1', to: 'ada@example.com', subject: 'Hello', body: 'Hello Ada!' } as Message;

let own: MailServer;
let service: MailServer;
beforeEach(async () => {
  [own, service] = await Promise.all([startMailServer(TEST_CERTIFICATE), startMailServer()]);
});
afterEach(() => Promise.all([own.stop(), service.stop()]));

interface Around {
  readonly allow?: string[];
  /** `null`: none beside the public ones. */
  readonly ca?: string | null;
  readonly at?: string;
}

function senderWith({ allow = ['127.0.0.1'], ca = TEST_CA, at = '127.0.0.1' }: Around = {}): EmailSender {
  const lookup = async () => [{ address: at, family: 4 }];
  const environment = {
    SMTP_URL: service.url,
    TENANT_BASE_DOMAIN: 'localhost',
    TENANT_SERVERS_CA: ca ?? undefined,
  } as Environment;
  return new EmailSender(environment, new TenantAddresses({ allow, lookup, timeout: 2_000 }));
}

function settingsOf(given: Partial<Settings>): Pick<TenantConfig<Settings>, 'get'> {
  const settings: Settings = {
    'email.from': 'hello@acme.example',
    'smtp.host': 'mail.acme.example',
    'smtp.port': Number(new URL(own.url).port),
    'smtp.user': 'acme',
    'smtp.password': new Secret(CANARY),
    ...given,
  };
  return { get: (key) => settings[key] };
}

async function failureOf(sender: EmailSender, given: Partial<Settings> = {}): Promise<SendError> {
  const error: unknown = await sender.send(message, settingsOf(given)).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(SendError);
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY);
  expect(service.mails).toEqual([]);
  return error as SendError;
}

describe('a tenant’s own mail server', () => {
  it.each([false, true])(
    'takes its mails, over TLS that verifies the name, and with its login; TLS from the start: %s',
    async (secure) => {
      await own.stop();
      own = await startMailServer({ ...TEST_CERTIFICATE, secure });
      const sender = senderWith();
      await sender.send(message, settingsOf({ 'smtp.security': secure ? 'tls' : 'starttls' }));

      expect(own.mails.map(({ to }) => to)).toEqual(['ada@example.com']);
      expect(own.logins).toEqual([{ user: 'acme', password: CANARY }]);
      expect(service.mails).toEqual([]);
      expect(inspect(sender, { depth: 20, showHidden: true })).not.toContain(CANARY);
    },
  );

  it('is not connected to where it leads inside, and its mails go nowhere else', async () => {
    const failure = await failureOf(senderWith({ allow: [] }));

    expect([failure.message, failure.permanent]).toEqual(['The mail server could not be reached.', false]);
    expect(own.logins).toEqual([]);
  });

  it.each<[string, Partial<Settings>, Around]>([
    ['the certificate is another name’s', { 'smtp.host': 'mail.globex.example' }, {}],
    ['nobody knows who has certified it', {}, { ca: null }],
  ])('is not logged in to where %s', async (_what, settings, around) => {
    await failureOf(senderWith(around), settings);

    expect([own.logins, own.mails]).toEqual([[], []]);
  });

  it('is not logged in to without TLS', async () => {
    await failureOf(senderWith(), { 'smtp.port': Number(new URL(service.url).port) });

    expect([service.logins, own.logins]).toEqual([[], []]);
  });

  it('is believed a number and no word', async () => {
    own.loginRefusal = (password) => `535 5.7.8 wrong: ${password} at mx1.internal`;
    const failure = await failureOf(senderWith());
    expect(failure.message).toBe('The mail server refused the login of this service.');
    expect(failure.cause).toBeUndefined();

    own.loginRefusal = undefined;
    own.refusal = { code: 550, text: `no ${CANARY} at mx1.internal` };
    expect(await failureOf(senderWith())).toMatchObject({ permanent: true, cause: undefined });
  });
});

describe('a mail server that never comes to an end', () => {
  const flood = (socket: Duplex): void => {
    const blank = Buffer.from('\r\n'.repeat(32_768));
    const pour = (): void => {
      while (!socket.destroyed && socket.write(blank));
    };
    socket.on('error', () => undefined).on('drain', pour);
    pour();
  };
  const secured = (socket: Socket) => new TLSSocket(socket, { isServer: true, ...TEST_CERTIFICATE });
  const startTls = (socket: Socket): void => {
    socket.write('220 mail.acme.example ESMTP\r\n');
    socket.on('data', (line) => {
      if (!String(line).startsWith('STARTTLS')) return void socket.write('250 STARTTLS\r\n');
      socket.removeAllListeners('data').write('220 go\r\n');
      flood(secured(socket));
    });
  };

  it.each<[string, (socket: Socket) => void, Partial<Settings>]>([
    ['before TLS', flood, {}],
    ['once TLS has begun', startTls, {}],
    ['over TLS', (socket) => flood(secured(socket)), { 'smtp.security': 'tls' }],
  ])('is left once it has said more than it needs to: blank lines, %s', async (_when, speak, settings) => {
    const endless = createServer((socket) => speak(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = endless.address() as AddressInfo;
      const failure = await failureOf(senderWith(), { ...settings, 'smtp.port': port });
      expect(failure).toMatchObject({ message: 'The mail server could not be reached.', permanent: false });
    } finally {
      await new Promise((resolve) => endless.close(resolve));
    }
  });

  it('is left after a while, though it sends something now and then', async () => {
    const endless = createServer((socket) => {
      socket.on('error', () => undefined).write('220 slow.acme.example ESMTP\r\n');
      const timer = setInterval(() => socket.write('250-more\r\n'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => endless.listen(0, '127.0.0.1', resolve));
    const { port } = endless.address() as AddressInfo;
    const addresses = new TenantAddresses({ allow: ['127.0.0.1'], timeout: 2_000 });
    const settings = settingsOf({ 'smtp.host': '127.0.0.1', 'smtp.port': port, 'smtp.password': undefined });
    const transport = createTransport({
      ...tenantMailServer(settings, addresses, undefined, 500)!,
      socketTimeout: 60_000,
    });
    try {
      const mail = { from: 'hello@acme.example', to: 'ada@example.com', text: 'Hello' };
      await expect(transport.sendMail(mail)).rejects.toThrow('took too long');
    } finally {
      transport.close();
      await new Promise((resolve) => endless.close(resolve));
    }
  });
});
