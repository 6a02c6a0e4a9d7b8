import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { describeListenError } from '../ports.js';
import type { MailEnvelope } from './parse-mail.js';

/** As large as the attachments that big mail providers accept. */
const LARGEST_MAIL = 25 * 1024 * 1024;

export interface SmtpReceiverOptions {
  readonly port: number;
  /** What the user sets to choose another port, for the error when it is taken. */
  readonly portVariable: string;
  readonly receive: (source: Buffer, envelope: MailEnvelope) => Promise<void>;
}

export interface SmtpReceiver {
  readonly port: number;
  stop(): Promise<void>;
}

/** An SMTP server on 127.0.0.1 that takes every mail from everyone, with any credentials or none. */
export async function startSmtpReceiver({ port, portVariable, receive }: SmtpReceiverOptions): Promise<SmtpReceiver> {
  const server = new SMTPServer({
    name: 'localhost',
    banner: 'mail catcher',
    authOptional: true,
    allowInsecureAuth: true,
    onAuth: ({ username }, _session, callback) => callback(null, { user: username ?? 'anyone' }),
    // Its certificate could only be one that no client trusts.
    disabledCommands: ['STARTTLS'],
    disableReverseLookup: true,
    size: LARGEST_MAIL,
    rejectOversized: true,
    maxRecipients: 1_000,
    closeTimeout: 1_000,
    onData: (stream, session, callback) => {
      readSource(stream)
        .then((source) => receive(source, envelopeOf(session)))
        .then(
          () => callback(),
          (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
        );
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(describeListenError(error, port, portVariable)));
    server.listen(port, '127.0.0.1', resolve);
  });
  // From here on an error is one of a single connection, such as a client that went away.
  server.on('error', () => undefined);
  const address = server.server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Reads to the end; what is too large is not kept, and refused by the server. */
async function readSource(stream: SMTPServerDataStream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (stream.sizeExceeded) chunks.length = 0;
    else chunks.push(chunk);
  }
  if (stream.sizeExceeded) throw new Error(`The mail is larger than ${LARGEST_MAIL} bytes`);
  return Buffer.concat(chunks);
}

function envelopeOf({ envelope }: SMTPServerSession): MailEnvelope {
  return {
    from: envelope.mailFrom ? envelope.mailFrom.address : '',
    to: envelope.rcptTo.map(({ address }) => address),
  };
}
