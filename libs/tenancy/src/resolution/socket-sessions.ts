import { isSocketIo } from './socket-handshake.js';

/** A socket of socket.io: with `connectionStateRecovery` it goes on with what another one has left. */
interface SessionSocket {
  readonly recovered?: boolean;
  data?: Record<string, unknown>;
  once(event: 'disconnecting', listener: () => void): unknown;
  disconnect(close: true): unknown;
}

/** By a string: a session may be kept in Redis. */
const KEY = 'tenancyTenant';

/** Nobody's id: what a session belongs to that does not say. */
const UNKNOWN = '?';

/**
 * Lets the session that a socket leaves say whose it was: who goes on with it has its rooms. It is written when the socket ends,
 * and so no matter what the application makes of `data` until then.
 */
export function keepInSession(client: object, tenantOf: () => string | undefined): void {
  const socket = sessionSocket(client);
  socket?.once('disconnecting', () => {
    socket.data = { ...socket.data, [KEY]: tenantOf() ?? '' };
  });
}

/** Whose session a socket goes on with; `undefined` where that is nobody's, or where it begins anew. */
export function tenantOfSession(client: object): string | undefined {
  const socket = sessionSocket(client);
  if (!socket?.recovered) return undefined;
  const kept = socket.data?.[KEY];
  return typeof kept === 'string' ? kept || undefined : UNKNOWN;
}

/** Ends a socket, and so leaves its rooms. */
export function endSocket(client: object): void {
  sessionSocket(client)?.disconnect(true);
}

function sessionSocket(client: object): SessionSocket | undefined {
  return isSocketIo(client) ? (client as object as SessionSocket) : undefined;
}
