import type { TenantRequest } from './tenant-request.js';

/** A socket of socket.io: it carries the request that it began with. */
interface SocketIoClient {
  readonly connected: boolean;
  readonly request: TenantRequest;
  readonly handshake: { readonly url: string; readonly address?: string };
  readonly data?: { readonly user?: unknown };
  readonly user?: unknown;
  use(middleware: (event: unknown, next: () => void) => void): unknown;
}

/** A socket of the package ws: whoever listens is given the request beside it, once. */
interface WsClient {
  readonly readyState: number;
  readonly OPEN: number;
  readonly user?: unknown;
  pause(): void;
  resume(): void;
}

const requests = new WeakMap<object, TenantRequest>();

/** Remembers the request that a socket began with. */
export function keepHandshake(client: object, request: unknown): void {
  if (isTenantRequest(request)) requests.set(client, request);
}

/**
 * The request that a socket began with, as a resolver reads it; `undefined` where the socket is of neither kind. The caller is
 * who an authentication left on the request, on the socket, or in its `data`.
 */
export function handshakeOf(client: object): TenantRequest | undefined {
  if (isSocketIo(client)) {
    const { headers, rawHeaders, user } = client.request;
    const { url, address } = client.handshake;
    const caller = user ?? client.user ?? client.data?.user;
    return { url, headers, rawHeaders, socket: { remoteAddress: address }, user: caller };
  }
  const request = requests.get(client);
  if (!request) return undefined;
  const { url, headers, rawHeaders, socket, user } = request;
  return { url, headers, rawHeaders, socket, user: user ?? (client as { user?: unknown }).user };
}

/** Keeps what the client sends until it is released, so that nothing comes before somebody listens. */
export function holdMessages(client: object): () => void {
  if (isSocketIo(client)) {
    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    client.use((_event, next) => void released.then(next));
    return release;
  }
  if (!isWs(client)) return () => undefined;
  client.pause();
  return () => client.resume();
}

/** Whether the client is still there. */
export function isConnected(client: object): boolean {
  if (isSocketIo(client)) return client.connected;
  return !isWs(client) || client.readyState === client.OPEN;
}

export function isSocketIo(client: object): client is SocketIoClient {
  return 'handshake' in client && 'request' in client && 'use' in client;
}

function isWs(client: object): client is WsClient {
  return 'readyState' in client && 'pause' in client && 'resume' in client;
}

function isTenantRequest(request: unknown): request is TenantRequest {
  return typeof request === 'object' && request !== null && 'headers' in request;
}
