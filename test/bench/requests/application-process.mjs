import { setTimeout as delay } from 'node:timers/promises';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { answerCalls } from '../process/answer-calls.mjs';
import { describeApplication } from './application.mjs';

answerCalls({
  /** Starts an application; says where it is and what runs it. */
  open: async ({ way, adapter, resolver }) => {
    const { module, configure } = describeApplication(way, adapter, resolver);
    const http = adapter === 'Express' ? new ExpressAdapter() : new FastifyAdapter();
    const app = await NestFactory.create(module, http, { logger: false, abortOnError: false });
    configure(app);
    await app.listen(0, '127.0.0.1');
    return { url: await app.getUrl(), node: process.versions.node };
  },
  /** The processor time that was used so far, in microseconds. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** Bytes in use once what is not is collected; sockets let go of theirs a turn later. */
  heap: async () => {
    for (let i = 0; i < 3; i += 1) {
      globalThis.gc();
      await delay(10);
    }
    return process.memoryUsage().heapUsed;
  },
});
