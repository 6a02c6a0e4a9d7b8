import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { TenantAddressError } from '../../tenancy.errors.js';

/** A request to a server of a tenant's. */
export interface TenantHttpRequest {
  /** @defaultValue `'GET'` */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  /** `Host` is that of the address, and cannot be given. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** What a tenant’s server has answered. A redirect or an error is an answer too: look at `status`. */
export interface TenantHttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface Limits {
  readonly signal: AbortSignal;
  readonly maxBodyBytes: number;
}

// What the connection and the length of the body say is for this side to say.
const OWN_HEADERS = /^(?:host|connection|content-length|transfer-encoding|upgrade|expect|te|trailer)$/i;

/** Where a request goes. Throws `TenantAddressError` for what cannot be sent as it is, before anything is looked up. */
export function checkedRequest(url: string, { headers = {} }: TenantHttpRequest) {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  if (!target || !/^https?:$/.test(target.protocol) || target.username || target.password) {
    throw new TenantAddressError(target?.hostname ?? '', 'URL_REFUSED');
  }
  for (const [name, value] of Object.entries(headers)) {
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value) && !OWN_HEADERS.test(name)) continue;
    throw new TenantAddressError(target.hostname, 'HEADER_REFUSED');
  }
  const tls = target.protocol === 'https:';
  const host = target.hostname.replace(/^\[|\]$/g, '');
  return { target, server: { host, port: Number(target.port || (tls ? 443 : 80)), tls } };
}

/** Sends a request over an open connection, and reads the answer. */
export function sendRequest(
  socket: Socket,
  target: URL,
  { method = 'GET', headers, body }: TenantHttpRequest,
  { signal, maxBodyBytes }: Limits,
): Promise<TenantHttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      createConnection: () => socket,
      method,
      path: target.pathname + target.search,
      headers: {
        ...headers,
        host: target.host,
        connection: 'close',
        ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }),
      },
      signal,
    });
    request.once('error', reject);
    // A protocol that was not asked for: Node destroys the request, and tells nobody of it.
    const closed = () => reject(Object.assign(new Error('Closed.'), { code: 'ECONNRESET' }));
    request.once('close', closed);
    request.once('response', (response) => {
      // From here on the answer has an end of its own, which may be read after the connection's.
      request.off('close', closed);
      read(response, maxBodyBytes).then((text) => resolve({ status: response.statusCode!, body: text }), reject);
    });
    request.end(body);
  });
}

async function read(response: IncomingMessage, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > most) throw Object.assign(new Error('Too large.'), { code: 'ANSWER_TOO_LARGE' });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
