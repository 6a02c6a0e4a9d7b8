import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

export const adapters = ['Express', 'Fastify'] as const;
export type Adapter = (typeof adapters)[number];

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; `undefined` where it is no JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads what it expects to be there
  readonly body: any;
}

export interface RunningApp {
  readonly app: INestApplication;
  readonly url: string;
  call(method: string, path: string, options?: { headers?: Record<string, string>; body?: unknown }): Promise<Answer>;
}

/** Starts a module on a free port of a real adapter; the caller closes it. `configure` is what a main.ts does before. */
export async function startApp(
  module: Type,
  adapter: Adapter = 'Express',
  configure: (app: INestApplication) => void = () => undefined,
  { trustProxy = false }: { trustProxy?: boolean } = {},
): Promise<RunningApp> {
  const http = adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter({ trustProxy });
  if (http instanceof ExpressAdapter) http.set('trust proxy', trustProxy);
  const app = await NestFactory.create(module, http, { logger: false, abortOnError: false });
  configure(app);
  await app.listen(0, '127.0.0.1');
  const url = (await app.getUrl()).replace('[::1]', '127.0.0.1');
  return {
    app,
    url,
    call: async (method, path, { headers = {}, body } = {}) => {
      const response = await fetch(url + path, {
        method,
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, body: parsed(text) };
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
