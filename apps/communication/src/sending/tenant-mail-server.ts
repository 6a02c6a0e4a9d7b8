import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { rootCertificates } from 'node:tls';
import type { TenantAddresses, TenantConfig } from 'nestjs-tenancy';
import type { TransportOptions } from 'nodemailer';
import type { Settings } from '../settings/settings.js';
import { BoundedConnection } from './bounded-connection.js';

/** How long a tenant's server may take for one message, in milliseconds. */
const DEADLINE = 20_000;

/**
 * How much it may say meanwhile, in bytes, its certificates among them. nodemailer keeps what it has not looked at yet, even
 * of a connection that is closed, and takes the longer for each line the more there are: this much costs it 0.1 s.
 */
const MAX_BYTES = 32_768;

/**
 * How nodemailer reaches the mail server that a tenant has set; `undefined` where it has none. Made for each message and
 * kept nowhere: the password stands in it. The socket is ours, to an address that was checked, and carries nothing before
 * TLS has verified the name.
 */
export function tenantMailServer(
  settings: Pick<TenantConfig<Settings>, 'get'>,
  addresses: TenantAddresses,
  ca?: string,
  deadline = DEADLINE,
) {
  const host = settings.get('smtp.host');
  if (host === undefined) return undefined;
  const secure = settings.get('smtp.security') === 'tls';
  const port = settings.get('smtp.port') ?? (secure ? 465 : 587);
  const [user, password] = [settings.get('smtp.user'), settings.get('smtp.password')];
  return {
    host,
    port,
    secure,
    requireTLS: true,
    tls: {
      minVersion: 'TLSv1.2' as const,
      ...(isIP(host) ? {} : { servername: host }),
      ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    },
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password.reveal() } }),
    getSocket: (_options: TransportOptions, done: SocketCallback) => {
      addresses.connect({ host, port }).then(
        (socket) => {
          const connection = new BoundedConnection(socket, MAX_BYTES);
          endAfter(connection, deadline);
          done(null, { connection });
        },
        (error: Error) => done(error),
      );
    },
  };
}

/** nodemailer's own timeouts begin anew with each byte: one now and then would keep everybody's messages waiting. */
function endAfter(connection: Duplex, deadline: number): void {
  const late = Object.assign(new Error('The mail server took too long.'), { code: 'ETIMEDOUT' });
  const timer = setTimeout(() => connection.destroy(late), deadline);
  connection.once('close', () => clearTimeout(timer));
}

type SocketCallback = (error: Error | null, socket?: { connection: Duplex }) => void;
