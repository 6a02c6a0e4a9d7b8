import pg from 'pg';
import type { PgClientState } from '../binding/pg-internals.js';

interface CancelConnection {
  readonly stream: { destroy(): void };
  on(event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): this;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

// The server answers by closing the connection. A lost one must not stay open for that.
const CLOSE_MS = 5_000;

/**
 * Asks the server to give up what it does for a connection. Over a connection of its own, as the protocol has it; done when
 * the server has closed that: only then it has passed the request on.
 */
export async function requestCancel(client: pg.Client): Promise<void> {
  const { processID, secretKey, ssl, sslNegotiation } = client as unknown as PgClientState;
  if (processID === null || secretKey === null) return;
  const connection = new pg.Connection({ ssl, sslNegotiation } as pg.ConnectionConfig) as unknown as CancelConnection;
  return new Promise((resolve) => {
    const timer = setTimeout(() => connection.stream.destroy(), CLOSE_MS);
    connection.on('end', () => {
      clearTimeout(timer);
      resolve();
    });
    // Whether it arrives is not known: who asks closes the connection where the statement goes on.
    connection.on('error', () => undefined);
    const cancel = () => connection.cancel(processID, secretKey);
    connection.on('connect', () => {
      if (!ssl) cancel();
      else if (sslNegotiation !== 'direct') connection.requestSsl();
    });
    connection.on('sslconnect', cancel);
    if (client.host.startsWith('/')) connection.connect(`${client.host}/.s.PGSQL.${client.port}`);
    else connection.connect(client.port, client.host);
  });
}
