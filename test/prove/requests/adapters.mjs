import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { RawConnection } from './raw-connection.mjs';

export const ADAPTERS = ['Express', 'Fastify'];

/** Starts a module on an adapter, on a free port; `configure` is what a main.ts does before. */
export async function startOn(adapter, module, configure = () => undefined) {
  const http = adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
  const app = await NestFactory.create(module, http, { logger: false, abortOnError: false });
  configure(app);
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address();
  const connections = Array.from({ length: 16 }, () => new RawConnection(port));
  return {
    adapter,
    app,
    connections,
    send: (bytes, at = 0) => connections[at % connections.length].send(bytes),
    close: async () => {
      for (const connection of connections) connection.close();
      await app.close();
    },
  };
}

/** Runs work with a module on both adapters. */
export async function onBoth(makeModule, configure, work) {
  const started = [];
  try {
    for (const adapter of ADAPTERS) started.push(await startOn(adapter, makeModule(), configure));
    return await work(started);
  } finally {
    await Promise.all(started.map((running) => running.close()));
  }
}

/** The authentication of the application, which comes before the tenancy: it believes what the header says. */
export function believeCaller(app) {
  app.use((request, _response, next) => {
    const caller = request.headers['x-caller'];
    if (caller !== undefined) request.user = JSON.parse(caller);
    next();
  });
}

/** What a test is told by an answer: the tenant that it was served as, or the code of its refusal. */
export function outcomeOf({ status, head, body }) {
  if (status === 200) return { status, id: JSON.parse(body).id };
  const isProblem = /content-type: application\/problem\+json/i.test(head);
  return { status, code: isProblem ? JSON.parse(body).code : undefined };
}

export const sameOutcome = (one, other) =>
  one.status === other.status && one.id === other.id && one.code === other.code;
