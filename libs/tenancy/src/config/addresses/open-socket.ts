import type { Socket } from 'node:net';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls, rootCertificates } from 'node:tls';

/** A connection to one address and no other: nothing is looked up. */
export function openSocket(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  return ready(connectTcp({ host: address, port }), 'connect', signal);
}

/** TLS over a connection, with the certificate of the host that was asked for, whatever address it has. */
export function secureSocket(
  socket: Socket,
  host: string,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const secured = connectTls({
    socket,
    host,
    ...(isIP(host) ? {} : { servername: host }),
    ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
    minVersion: 'TLSv1.2',
  });
  return ready(secured, 'secureConnect', signal);
}

function ready(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<Socket> {
  // For good: one that breaks before its user listens must not end the process.
  socket.on('error', () => undefined);
  return new Promise((resolve, reject) => {
    const giveUp = (): void => void socket.destroy(Object.assign(new Error('Too late.'), { code: 'ETIMEDOUT' }));
    const end = (): void => signal.removeEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp);
    socket.once(event, () => resolve(socket)).once('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('Closed.'), { code: 'ECONNRESET' })));
    socket.once(event, end).once('close', end);
  });
}
