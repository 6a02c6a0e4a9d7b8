import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:http';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends a body in parts, each in a packet of its own, with turns of the event loop in between. */
export async function sendSlowly(
  url: string,
  parts: readonly string[],
  headers: Record<string, string>,
): Promise<RawAnswer> {
  const call = request(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers } });
  call.setNoDelay(true);
  call.flushHeaders();
  const answered = once(call, 'response') as Promise<[IncomingMessage]>;
  for (const part of parts) {
    for (let i = 0; i < 20; i += 1) await turn();
    call.write(part);
  }
  call.end();
  const [response] = await answered;
  return { status: response.statusCode ?? 0, text: await slowlyRead(response) };
}

/** Reads a body with turns of the event loop between its chunks, so that whoever writes it has to wait. */
async function slowlyRead(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) {
    text += String(chunk);
    await turn();
  }
  return text;
}

export async function getSlowly(url: string, headers: Record<string, string>): Promise<RawAnswer> {
  const call = request(url, { headers });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: await slowlyRead(response) };
}

/** Sends the lines of a request as they are: what no client of good manners would send. */
export async function sendLines(url: string, lines: readonly string[]): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const hasHost = lines.some((line) => /^host:/i.test(line));
  socket.write([...lines, ...(hasHost ? [] : ['Host: localhost']), 'Connection: close', '', ''].join('\r\n'));
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  const end = text.indexOf('\r\n\r\n');
  return { status: Number(text.split(' ')[1]), text: text.slice(end + 4) };
}
