import { once } from 'node:events';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

export interface SocketClient {
  /** Sends a message, and waits for its answer: an event of the same name, or `exception`. */
  ask(event: string, data?: unknown): Promise<unknown>;
  /** Everything that came so far, without being asked for. */
  readonly heard: unknown[];
  close(): void;
}

export interface Handshake {
  readonly path?: string;
  readonly query?: Record<string, string>;
  readonly headers?: Record<string, string>;
}

export const platforms = ['socket.io', 'ws'] as const;
export type Platform = (typeof platforms)[number];

/** A real client of either platform, which sends its first message without waiting for anything. */
export function connectSocket(
  platform: Platform,
  url: string,
  { query = {}, headers = {} }: Handshake = {},
): SocketClient {
  const waiting: Array<(answer: unknown) => void> = [];
  const heard: unknown[] = [];
  const hear = (answer: unknown): void => {
    const next = waiting.shift();
    if (next) next(answer);
    else heard.push(answer);
  };
  if (platform === 'socket.io') {
    // Only a WebSocket's handshake may say which host it means: what fetches the other way sets it itself.
    const transports = headers.host ? ['websocket'] : undefined;
    const socket = io(url, {
      query,
      extraHeaders: headers,
      forceNew: true,
      reconnection: false,
      ...(transports && { transports }),
    });
    socket.onAny((_event: string, answer: unknown) => hear(answer));
    return {
      ask: (event, data = {}) => asked(waiting, () => socket.emit(event, data)),
      heard,
      close: () => socket.close(),
    };
  }
  const address = new URL(url.replace('http', 'ws'));
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const socket = new WebSocket(address, { headers });
  const opened = once(socket, 'open');
  socket.on('message', (text: Buffer) => hear((JSON.parse(text.toString()) as { data: unknown }).data));
  const ask = (event: string, data: unknown = {}): Promise<unknown> =>
    asked(waiting, () => void opened.then(() => socket.send(JSON.stringify({ event, data }))));
  return { ask, heard, close: () => socket.terminate() };
}

function asked(waiting: Array<(answer: unknown) => void>, send: () => void): Promise<unknown> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    send();
  });
}
