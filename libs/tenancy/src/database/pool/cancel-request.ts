import pg from 'pg';
import type { PgClientState } from '../binding/pg-internals.js';

interface CancelConnection {
  on(event: 'connect' | 'sslconnect' | 'error' | 'end', listener: () => void): this;
  connect(portOrPath: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number): void;
}

/** Asks the server to give up what it does for a connection. Over a connection of its own, as the protocol has it. */
export function requestCancel(client: pg.Client): void {
  const { processID, secretKey } = client as unknown as PgClientState;
  if (processID === null || secretKey === null) return;
  const connection = new pg.Connection({ ssl: client.ssl }) as unknown as CancelConnection;
  // Whether it arrives is not known: who asks closes the connection where the statement goes on.
  connection.on('error', () => undefined);
  const cancel = () => connection.cancel(processID, secretKey);
  connection.on('connect', () => (client.ssl ? connection.requestSsl() : cancel()));
  connection.on('sslconnect', cancel);
  if (client.host.startsWith('/')) connection.connect(`${client.host}/.s.PGSQL.${client.port}`);
  else connection.connect(client.port, client.host);
}
