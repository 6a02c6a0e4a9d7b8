import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  readonly to: string;
  readonly source: string;
}

export interface MailServer {
  readonly url: string;
  readonly mails: ReceivedMail[];
  /** How the next mails are refused; `undefined` takes them. */
  refusal: { readonly code: number; readonly text: string } | undefined;
  /** Who has logged in, and with what. */
  readonly logins: Array<{ readonly user: string; readonly password: string }>;
  /** How the next logins are refused; `undefined` takes whatever is said. */
  loginRefusal: ((password: string) => string) | undefined;
  /** How often a recipient was offered. */
  tries: number;
  /** While it is set, a mail is taken only when it resolves. */
  hold: Promise<void> | undefined;
  stop(): Promise<void>;
}

/** A real SMTP server that keeps what it is sent; with a certificate it wants TLS and a login. */
export async function startMailServer(certificate?: {
  cert: string;
  key: string;
  secure?: boolean;
}): Promise<MailServer> {
  const smtp = new SMTPServer({
    ...(certificate ?? { authOptional: true, disabledCommands: ['AUTH', 'STARTTLS'] }),
    onAuth: (login, _session, callback) => {
      const [user, password] = [login.username ?? '', login.password ?? ''];
      mailServer.logins.push({ user, password });
      const refusal = mailServer.loginRefusal?.(password);
      callback(refusal === undefined ? null : Object.assign(new Error(refusal), { responseCode: 535 }), { user });
    },
    disableReverseLookup: true,
    closeTimeout: 500,
    onRcptTo: (_address, _session, callback) => {
      mailServer.tries += 1;
      const { refusal } = mailServer;
      callback(refusal ? Object.assign(new Error(refusal.text), { responseCode: refusal.code }) : null);
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const [to] = session.envelope.rcptTo.map(({ address }) => address);
        void Promise.resolve(mailServer.hold).then(() => {
          mailServer.mails.push({ to, source: Buffer.concat(chunks).toString() });
          callback();
        });
      });
    },
  });
  smtp.on('error', () => undefined);
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const mailServer: MailServer = {
    url: `smtp://127.0.0.1:${(smtp.server.address() as AddressInfo).port}`,
    mails: [],
    logins: [],
    loginRefusal: undefined,
    refusal: undefined,
    tries: 0,
    hold: undefined,
    stop: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
  return mailServer;
}
