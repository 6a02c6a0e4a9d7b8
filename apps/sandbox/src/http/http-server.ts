import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { describeListenError } from '../ports.js';

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpServer {
  readonly port: number;
  stop(): Promise<void>;
}

export interface HttpServerOptions {
  readonly port: number;
  /** What the user sets to choose another port, for the error when it is taken. */
  readonly portVariable: string;
  /** The longest body that is read, in bytes; a longer one gets `refuse(413, …)`. */
  readonly bodyLimit: number;
  readonly handle: (request: HttpRequest) => HttpReply;
  /** The reply to a request that never reaches `handle`, or makes it throw. */
  readonly refuse: (status: number, message: string) => HttpReply;
}

export function jsonReply(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): HttpReply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** An HTTP server on 127.0.0.1 whose handler is a plain function. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const server = createServer((request, response) => void answer(request, response, options));
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(describeListenError(error, options.port, options.portVariable)));
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : options.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: HttpServerOptions): Promise<void> {
  const reply = await replyTo(request, options);
  response.on('error', () => undefined);
  response.writeHead(reply.status, {
    ...reply.headers,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(reply.body);
}

async function replyTo(request: IncomingMessage, { bodyLimit, handle, refuse }: HttpServerOptions): Promise<HttpReply> {
  const target = request.url ?? '/';
  const base = 'http://localhost';
  if (!URL.canParse(target, base)) return refuse(400, `The address ${target} cannot be read.`);
  try {
    const body = await readBody(request, bodyLimit);
    if (body === undefined) return refuse(413, `The body is longer than ${bodyLimit} bytes.`);
    const { pathname, searchParams } = new URL(target, base);
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    return handle({ method, path: pathname, query: searchParams, headers: request.headers, body });
  } catch (error) {
    return refuse(500, error instanceof Error ? error.message : String(error));
  }
}

/** Undefined when the body is longer than `limit`: it is read to its end all the same, or no client sees the reply. */
async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) chunks.length = 0;
    else chunks.push(chunk);
  }
  return size > limit ? undefined : Buffer.concat(chunks).toString('utf8');
}
